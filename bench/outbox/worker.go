package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/outbox"
)

// workerVariable has what a process that sends needs to know, as JSON.
const workerVariable = "KIRIM_BENCH_WORKER"

type workerSettings struct {
	Lite    bool   `json:"lite"`
	URL     string `json:"url"`
	Schema  string `json:"schema"`
	Base    string `json:"base"`
	Key     string `json:"key"`     // of the sandbox
	Workers int    `json:"workers"` // of the class; 0 for the defaults of all
	Class   string `json:"class"`   // transactional, unless it is set
	Paced   bool   `json:"paced"`   // by the rate limit of the server
}

// settingsFor returns what a process needs that sends from a place to a sandbox.
func settingsFor(p *place, server *kirimtest.Server, workers int) workerSettings {
	return workerSettings{Lite: p.lite, URL: p.url, Schema: p.schema, Base: server.URL, Key: server.APIKey, Workers: workers, Paced: workers == 0}
}

// worker is a process that sends.
type worker struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
}

// startWorker starts a process that is ready to send.
func startWorker(ctx context.Context, settings workerSettings) (*worker, error) {
	data, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	w := &worker{process: exec.CommandContext(ctx, os.Args[0])} //nolint:gosec // this program
	w.process.Env = append(os.Environ(), workerVariable+"="+string(data))
	w.process.Stderr = os.Stderr
	out, err := w.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.out = bufio.NewScanner(out)
	if w.in, err = w.process.StdinPipe(); err != nil {
		return nil, err
	}
	if err := w.process.Start(); err != nil {
		return nil, err
	}
	if !w.out.Scan() {
		return nil, errors.New("a process that sends has not started")
	}
	return w, nil
}

// begin makes it send, and say its heap in megabytes each second.
func (w *worker) begin() { _, _ = io.WriteString(w.in, "begin\n") }

func (w *worker) stop() {
	_ = w.in.Close()
	_ = w.process.Process.Kill()
	_ = w.process.Wait()
}

// work is the process that sends.
func work(ctx context.Context) error {
	var s workerSettings
	if err := json.Unmarshal([]byte(os.Getenv(workerVariable)), &s); err != nil {
		return err
	}
	options := []kirim.Option{kirim.WithBaseURL(s.Base)}
	if s.Paced {
		options = append(options, kirim.WithLimiter(kirim.NewPacer()))
	}
	client, err := kirim.NewClient(s.Key, options...)
	if err != nil {
		return err
	}
	config := outbox.Config{}
	if s.Workers > 0 {
		class := cmp.Or(outbox.Class(s.Class), outbox.ClassTransactional)
		config.Classes = map[outbox.Class]outbox.ClassConfig{class: {Workers: s.Workers}}
	}
	p := &place{lite: s.Lite, url: s.URL, schema: s.Schema}
	o, end, err := p.open(ctx, outbox.NewSender(client), config)
	if err != nil {
		return err
	}
	defer end()
	fmt.Println("ready")
	bufio.NewScanner(os.Stdin).Scan()
	go func() {
		for range time.Tick(time.Second) {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			fmt.Printf("%.1f\n", float64(m.HeapAlloc)/1e6)
		}
	}()
	return o.Run(ctx)
}

// memory measures the heap of a process that sends many messages.
func (b *bench) memory(ctx context.Context) (string, error) {
	p := postgresPlace(b.url)
	defer p.remove(ctx)
	server := sandbox()
	defer server.Close()
	if err := p.fill(ctx, messages(server.PhoneNumberID, outbox.ClassTransactional, b.many, 10)); err != nil {
		return "", err
	}
	w, err := startWorker(ctx, settingsFor(p, server, 64))
	if err != nil {
		return "", err
	}
	defer w.stop()
	began := time.Now()
	w.begin()
	heaps := make(chan []float64)
	go func() {
		var list []float64
		for w.out.Scan() {
			var mb float64
			if _, err := fmt.Sscan(w.out.Text(), &mb); err == nil {
				list = append(list, mb)
			}
		}
		heaps <- list
	}()
	if err := until(ctx, func() bool { return server.MessageCount() >= b.many }); err != nil {
		return "", err
	}
	took := time.Since(began)
	w.stop()
	list := <-heaps
	if len(list) < 4 {
		return "", errors.New("too few messages to see the heap")
	}
	quarter := len(list) / 4
	return fmt.Sprintf("%d messages in lanes of ten, one process: %.0f/s; its heap in the first quarter of the time %.1f MB, in the last %.1f MB (medians).",
		b.many, float64(b.many)/took.Seconds(), median(list[:quarter]), median(list[len(list)-quarter:])), nil
}

// codesBesideCampaign measures how long a one-time code waits while a campaign
// takes all that the rate limit allows.
func (b *bench) codesBesideCampaign(ctx context.Context) (string, error) {
	const perMinute = 600
	p := postgresPlace(b.url)
	defer p.remove(ctx)
	server := kirimtest.NewServer(kirimtest.WithPlan(kirimtest.Enterprise(perMinute, perMinute)))
	defer server.Close()
	if err := p.fill(ctx, messages(server.PhoneNumberID, outbox.ClassMarketing, b.many, 1)); err != nil {
		return "", err
	}
	w, err := startWorker(ctx, settingsFor(p, server, 0))
	if err != nil {
		return "", err
	}
	defer w.stop()
	o, end, err := p.open(ctx, outbox.Disabled(), outbox.Config{})
	if err != nil {
		return "", err
	}
	defer end()
	w.begin()
	var waits []float64
	codes := messages(server.PhoneNumberID, outbox.ClassCode, b.codes, 1)
	for _, m := range codes {
		m.Message.To = strings.Replace(m.Message.To, "+62811", "+62812", 1)
		began := time.Now()
		if _, err := o.Enqueue(ctx, m); err != nil {
			return "", err
		}
		arrived := func() bool {
			return slices.ContainsFunc(server.Messages(), func(got kirimtest.Message) bool { return got.To == m.Message.To })
		}
		if err := until(ctx, arrived); err != nil {
			return "", err
		}
		waits = append(waits, time.Since(began).Seconds())
		time.Sleep(time.Until(began.Add(time.Second)))
	}
	sent := server.MessageCount() - len(codes)
	slices.Sort(waits)
	return fmt.Sprintf("One-time codes beside a campaign of %d at %d a minute, one a second, %d codes: median %.2f s, p99 %.2f s, longest %.2f s (goal: p99 ≤ 1 s); meanwhile %d of the campaign were sent.",
		b.many, perMinute, len(codes), median(waits), waits[len(waits)*99/100], waits[len(waits)-1], sent), nil
}
