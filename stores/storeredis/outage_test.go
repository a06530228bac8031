//go:build unix

package storeredis_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kirim-go/kirim"
)

const secret = "whsec_4f1c2a"

// receiver is a process that receives webhooks, and counts how often it handled a
// message.
type receiver struct {
	http.Handler
	mu      sync.Mutex
	handled map[string]int
	during  func() // while a message is handled
}

func newReceiver(t *testing.T, client redis.UniversalClient, opts ...kirim.WebhookOption) *receiver {
	t.Helper()
	verifier := must(kirim.NewWebhookVerifier(secret))(t)
	hooks := kirim.NewWebhookHandler(verifier, append(opts, kirim.WithDeduper(newStores(t, client).Deduper()))...)
	r := &receiver{Handler: hooks, handled: make(map[string]int)}
	hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.handled[m.ID]++
		if r.during != nil {
			r.during()
		}
		return nil
	})
	return r
}

// deliver delivers a message and returns the status of the response.
func (r *receiver) deliver(t *testing.T, id string) int {
	t.Helper()
	body := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{
		"messaging_product":"whatsapp","metadata":{"display_phone_number":"6281100000000","phone_number_id":"1"},
		"messages":[{"from":"6281100000001","id":%q,"timestamp":"1750000000","type":"text","text":{"body":"Halo"}}]}}]}]}`, id)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	request.Header.Set("X-Kirim-Signature", kirim.SignWebhook(secret, time.Now(), []byte(body)))
	request.Header.Set("X-Kirim-Event", "message.received")
	response := httptest.NewRecorder()
	r.ServeHTTP(response, request)
	return response.Code
}

func (r *receiver) want(t *testing.T, id string, status, handled int) {
	t.Helper()
	if got := r.deliver(t, id); got != status || r.handled[id] != handled {
		t.Errorf("the delivery of %s got %d and was handled %d times, want %d and %d", id, got, r.handled[id], status, handled)
	}
}

func TestDeliveriesWaitUntilRedisIsBack(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	r := newReceiver(t, s.connect(nil))
	r.want(t, "wamid.1", 200, 1)
	r.want(t, "wamid.1", 200, 1)
	s.kill()
	for range 3 {
		r.want(t, "wamid.2", 503, 0)
	}
	s.start()
	r.want(t, "wamid.2", 200, 1)
	r.want(t, "wamid.2", 200, 1)
}

// A server that accepts commands and does not respond, for longer than a delivery
// may take.
func TestAServerThatHangsHoldsUpNoDelivery(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	const limit = 300 * time.Millisecond
	r := newReceiver(t, s.connect(nil), kirim.WithDeliveryTimeout(limit))
	r.want(t, "wamid.1", 200, 1)
	s.signal(syscall.SIGSTOP)
	began := time.Now()
	r.want(t, "wamid.2", 503, 0)
	if took := time.Since(began); took < limit || took >= 5*time.Second { // after which go-redis itself gives up
		t.Errorf("the response took %v", took)
	}
	s.signal(syscall.SIGCONT)
	s.wait(s.options())
	// The claim may have been carried out after all. Nobody has its token.
	for range 2 {
		if status := r.deliver(t, "wamid.2"); status == 200 {
			break
		} else if status != 503 || r.handled["wamid.2"] != 0 {
			t.Fatalf("the delivery got %d and was handled %d times", status, r.handled["wamid.2"])
		}
		pass(t, s.connect(nil), "kirim", time.Minute)
	}
	r.want(t, "wamid.2", 200, 1)
}

// The element was handled: another delivery of it is not, although Redis does not
// know it.
func TestAnElementThatWasHandledDuringAnOutageIsNotHandledAgain(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	r := newReceiver(t, s.connect(nil))
	r.during = s.kill
	r.want(t, "wamid.1", 200, 1)
	r.during = nil
	s.start() // empty
	r.want(t, "wamid.1", 200, 1)
	r.want(t, "wamid.1", 200, 1)
}

// Without a disk, Redis forgets what was handled.
func TestAServerThatRestartsHasForgottenEverything(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	d := newStores(t, s.connect(nil)).Deduper()
	held := wantClaim(t, d, "held", kirim.Claimed)
	if err := d.CompleteToken(t.Context(), "done", wantClaim(t, d, "done", kirim.Claimed)); err != nil {
		t.Fatal(err)
	}
	s.kill()
	s.start()
	wantClaim(t, d, "done", kirim.Claimed)
	if err := d.CompleteToken(t.Context(), "held", held); err != nil {
		t.Error(err)
	}
	wantClaim(t, d, "held", kirim.ClaimedDone)
}

func TestOneOfTwoProcessesHandlesAnElement(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	var children [2]*exec.Cmd
	var outputs [2]*bufio.Scanner
	start := make([]func() error, 2)
	for i := range children {
		c := exec.CommandContext(t.Context(), must(os.Executable())(t))
		c.Env = append(os.Environ(), childSocket+"="+filepath.Join(s.dir, "s"))
		c.Stderr = os.Stderr
		in := must(c.StdinPipe())(t)
		outputs[i] = bufio.NewScanner(must(c.StdoutPipe())(t))
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		children[i], start[i] = c, in.Close
	}
	for _, out := range outputs {
		if !out.Scan() || out.Text() != "ready" {
			t.Fatal("a process does not begin")
		}
	}
	got := make([][]string, 2)
	var all sync.WaitGroup
	for i, out := range outputs {
		start[i]()
		all.Go(func() {
			for out.Scan() {
				got[i] = append(got[i], out.Text())
			}
		})
	}
	all.Wait()
	for _, c := range children {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	times := make(map[string]int)
	for _, key := range append(got[0], got[1]...) {
		times[key]++
	}
	if len(times) != childClaims || len(got[0])+len(got[1]) != childClaims {
		t.Errorf("%d and %d elements handled, %d different ones, want %d", len(got[0]), len(got[1]), len(times), childClaims)
	}
	t.Logf("%d and %d elements", len(got[0]), len(got[1]))
}

// Whatever fails says so before its context ends, and is not half done.
func TestCallsFailWithTheirContextWhenTheServerHangs(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	client := s.connect(nil)
	d := newStores(t, client).Deduper()
	client.Ping(t.Context())
	s.signal(syscall.SIGSTOP)
	defer s.signal(syscall.SIGCONT)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := d.ClaimToken(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the claim failed with %v", err)
	}
}
