package fire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// mishap is what the way to the sandbox does to a request and its answer.
type mishap int

const (
	none mishap = iota
	resetUnread
	resetAfter // the sandbox has done the work
	cutAnswer  // likewise
	lostAnswer // a proxy answers in place of the sandbox, which has done the work
	turnedAway // a proxy answers, and the sandbox never knew
	silence    // no answer before the attempt's timeout; the work may be done
	mishaps
)

// roughRoad carries requests over TCP to a sandbox, harms some, and counts
// how often each message was processed.
type roughRoad struct {
	sandbox   http.RoundTripper
	processed []atomic.Int32 // by the number in the text
	happened  [mishaps]atomic.Int64
}

var numberInText = regexp.MustCompile(`order (\d+)`)

func (road *roughRoad) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := none
	if rand.IntN(100) < 45 {
		m = 1 + mishap(rand.IntN(int(mishaps)-1))
	}
	if m == silence && rand.IntN(20) > 0 {
		m = none // it takes its time
	}
	road.happened[m].Add(1)
	if m == resetUnread {
		reset(w)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		reset(w)
	}
	if m == turnedAway {
		answerAsProxy(w, []int{403, 408, 413, 429, 500, 502, 503, 504, 520}[rand.IntN(9)])
		return
	}
	var answer *http.Response
	if m != silence || rand.IntN(2) == 0 {
		answer = road.forward(r, body)
		defer answer.Body.Close()
	}
	switch m {
	case resetAfter:
		reset(w)
	case lostAnswer:
		answerAsProxy(w, []int{408, 500, 502, 504, 520}[rand.IntN(5)])
	case silence:
		<-r.Context().Done()
	case cutAnswer:
		w.Header().Set("Content-Length", "5000")
		w.WriteHeader(answer.StatusCode)
		io.Copy(w, answer.Body)
		panic(http.ErrAbortHandler)
	default:
		w.WriteHeader(answer.StatusCode)
		io.Copy(w, answer.Body)
	}
}

func (road *roughRoad) forward(r *http.Request, body []byte) *http.Response {
	inner, err := http.NewRequest(r.Method, "http://sandbox.localhost"+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	inner.Header = r.Header
	answer, err := road.sandbox.RoundTrip(inner)
	if err != nil {
		panic(err)
	}
	if answer.StatusCode == http.StatusOK && answer.Header.Get("Idempotent-Replayed") != "true" {
		n, err := strconv.Atoi(string(numberInText.FindSubmatch(body)[1]))
		if err != nil {
			panic(err)
		}
		road.processed[n].Add(1)
	}
	return answer
}

func answerAsProxy(w http.ResponseWriter, status int) {
	if rand.IntN(2) == 0 {
		w.Header().Set("Retry-After", "0")
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	io.WriteString(w, "<html>from a proxy</html>")
}

// reset ends the connection with a RST, and the handler.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// What a send says of itself, against what the server counted.
func TestFireAHundredThousandSendsTellTheTruth(t *testing.T) {
	goroutines := goleak.IgnoreCurrent()
	files := openFiles(t)
	began := time.Now()

	// A call takes up to 6 s, as each 429 costs it a second. The sandbox must
	// not have forgotten its key by then: it sees about 2,500 keys a second.
	sandbox := kirimtest.NewServer(kirimtest.WithoutListener(), kirimtest.WithPlan(kirimtest.Enterprise(100_000_000, 1)),
		kirimtest.WithLimits(kirimtest.Limits{Messages: 1000, Requests: 1000, IdempotencyKeys: max(10_000, manySends/4)}))
	sandbox.Receive(kirimtest.Inbound{From: recipient, Text: "Halo"})
	road := &roughRoad{sandbox: sandbox.Transport(), processed: make([]atomic.Int32, manySends)}
	server := httptest.NewUnstartedServer(road)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	policy := kirim.RetryPolicy{MaxRetries: 4, MinDelay: time.Millisecond, MaxDelay: 4 * time.Millisecond,
		AttemptTimeout: 200 * time.Millisecond, WithoutQuota: true}
	var clients [2]*kirim.Client
	for i, opts := range [][]kirim.Option{nil, {kirim.WithoutIdempotencyKeys()}} {
		var err error
		opts = append(opts, kirim.WithBaseURL(server.URL+"/v1"), kirim.WithRetryPolicy(policy))
		if clients[i], err = kirim.NewClient(sandbox.APIKey, opts...); err != nil {
			t.Fatal(err)
		}
	}

	const sent, notSent, doubtful = 1, 2, 3
	verdicts := make([]byte, manySends)
	var next atomic.Int64
	send := func(until int) {
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for {
					n := int(next.Add(1)) - 1
					if n >= until {
						next.Add(-1)
						return
					}
					message := kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: fmt.Sprintf("order %d", n)}}
					_, err := clients[n%2].PhoneNumber(sandbox.PhoneNumberID).Messages.Send(t.Context(), message)
					var answer *kirim.Error
					var lost *kirim.TransportError
					switch {
					case err == nil:
						verdicts[n] = sent
					case !errors.As(err, &answer) && !errors.As(err, &lost):
						t.Errorf("the error of message %d is neither of the two kinds: %v", n, err)
					case kirim.MaybeSent(err):
						verdicts[n] = doubtful
					default:
						verdicts[n] = notSent
					}
				}
			})
		}
		wg.Wait()
	}
	send(manySends * 6 / 10) // until the sandbox holds as many keys as it ever will
	before := heapInUse()
	send(manySends)
	after := heapInUse()

	for _, client := range clients {
		client.CloseIdleConnections()
	}
	server.Close() // after the last request has ended
	sandbox.Close()
	var twice, lost, denied int
	var counts [4]int
	for n, verdict := range verdicts {
		counts[verdict]++
		switch processed := road.processed[n].Load(); {
		case processed > 1:
			twice++
		case verdict == sent && processed == 0:
			lost++
		case verdict == notSent && processed > 0:
			denied++
		}
	}
	t.Logf("%d sends in %v: processed twice %d, reported sent but lost %d, reported not sent but processed %d", manySends,
		time.Since(began).Round(time.Millisecond), twice, lost, denied)
	t.Logf("%d were sent, %d not, %d are in doubt; heap %.1f MB after six tenths, %.1f MB after all", counts[sent], counts[notSent], counts[doubtful], before, after)
	for m := range mishaps {
		t.Logf("mishap %d came %d times", m, road.happened[m].Load())
		if road.happened[m].Load() == 0 {
			t.Errorf("mishap %d never came", m)
		}
	}
	if twice+lost+denied > 0 {
		t.Error("not all sends told the truth")
	}
	if counts[0] > 0 || counts[sent] == 0 || counts[notSent] == 0 || counts[doubtful] == 0 {
		t.Errorf("verdicts %v: one of the three never came, or some had none", counts)
	}
	if grown := after - before; grown > 5 || grown < -5 {
		t.Errorf("the heap went from %.1f MB to %.1f MB", before, after)
	}
	goleak.VerifyNone(t, goroutines)
	if now := openFiles(t); now > files {
		t.Errorf("%d files are open, and %d were before", now, files)
	}
}

// openFiles counts the open files of this process, where the system tells.
func openFiles(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
