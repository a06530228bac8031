package fire

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

const (
	fleet     = 200
	runTime   = 10 * time.Minute
	downFrom  = 2 * time.Minute
	downUntil = 5 * time.Minute
	latency   = 50 * time.Millisecond
)

// downFunc answers while the server is down, which it will be for a while.
type downFunc func(req *http.Request, left time.Duration) (*http.Response, error)

// outageServer is a server that is down for a while. It counts what reaches
// it, or would have, in each second.
type outageServer struct {
	began   time.Time
	down    downFunc
	seconds [2 * int(runTime/time.Second)]atomic.Int64
}

func (s *outageServer) RoundTrip(req *http.Request) (*http.Response, error) {
	at := time.Since(s.began)
	s.seconds[int(at/time.Second)].Add(1)
	if at >= downFrom && at < downUntil {
		return s.down(req, downUntil-at)
	}
	time.Sleep(latency)
	return answerWith(req, http.StatusAccepted, nil, `{"data":{"id":"msg_1","status":"pending"}}`), nil
}

func answerWith(req *http.Request, status int, header http.Header, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
	}
}

// answering is down in such a way that something still answers.
func answering(status int, header func(left time.Duration) http.Header) downFunc {
	return func(req *http.Request, left time.Duration) (*http.Response, error) {
		time.Sleep(latency)
		return answerWith(req, status, header(left), "<html>down</html>"), nil
	}
}

var message = []byte(`{"to":"+6281100000001","type":"text","text":{"body":"Halo"}}`)

func noHeader(time.Duration) http.Header { return nil }

var waysToBeDown = []struct {
	name string
	down downFunc
}{
	{"refused", func(*http.Request, time.Duration) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}},
	{"502", answering(http.StatusBadGateway, noHeader)},
	{"503", answering(http.StatusServiceUnavailable, noHeader)},
	{"503 with Retry-After 30", answering(http.StatusServiceUnavailable, func(time.Duration) http.Header {
		return http.Header{"Retry-After": {"30"}}
	})},
	{"503 with Retry-After the end", answering(http.StatusServiceUnavailable, func(left time.Duration) http.Header {
		return http.Header{"Retry-After": {strconv.Itoa(int(left.Seconds()) + 1)}}
	})},
	{"no answer", func(req *http.Request, _ time.Duration) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}},
}

// outage is what a run showed. Peaks are the largest second, in multiples of
// the ordinary load, which is the calls a second.
type outage struct {
	calls, requests, failed int
	peakAfter, peak         float64 // from the recovery on, and of the whole run
}

func (o outage) ratio() float64 { return float64(o.requests) / float64(o.calls) }

func (o outage) String() string {
	return fmt.Sprintf("%d requests for %d calls: ratio %.3f, %d failed; largest second after the recovery %.2f times the ordinary load, of the whole run %.2f",
		o.requests, o.calls, o.ratio(), o.failed, o.peakAfter, o.peak)
}

// runOutage lets a fleet send through an outage, each client once a period,
// beginning anywhere in it. Calls begin on time whether or not earlier ones
// have ended, as orders come in whether or not messages go out, and no
// deadline ends them early: of all callers these make the most of a retry.
func runOutage(t *testing.T, period time.Duration, withoutQuota bool, down downFunc) outage {
	t.Helper()
	policy := kirim.DefaultRetryPolicy()
	policy.WithoutQuota = withoutQuota
	server := &outageServer{down: down}
	var calls, failed atomic.Int64
	var running sync.WaitGroup
	synctest.Test(t, func(t *testing.T) {
		server.began = time.Now()
		random := rand.New(rand.NewPCG(1, 1))
		for range fleet {
			client, err := kirim.NewClient("key", kirim.WithHTTPClient(&http.Client{Transport: server}), kirim.WithRetryPolicy(policy))
			if err != nil {
				t.Fatal(err)
			}
			phase := time.Duration(random.Int64N(int64(period)))
			running.Go(func() {
				for at := phase; at < runTime; at += period {
					time.Sleep(time.Until(server.began.Add(at)))
					calls.Add(1)
					running.Go(func() {
						if err := client.Do(t.Context(), http.MethodPost, "/1/messages", nil, message, nil); err != nil {
							failed.Add(1)
						}
					})
				}
			})
		}
		running.Wait()
	})
	o := outage{calls: int(calls.Load()), failed: int(failed.Load())}
	ordinary := float64(o.calls) / runTime.Seconds()
	for i := range server.seconds {
		n := server.seconds[i].Load()
		o.requests += int(n)
		o.peak = max(o.peak, float64(n)/ordinary)
		if i >= int(downUntil/time.Second) {
			o.peakAfter = max(o.peakAfter, float64(n)/ordinary)
		}
	}
	return o
}

// limit is what an outage may cost.
type limit struct{ ratio, peakAfter float64 }

// goal: an outage adds less than a sixth to the requests, and the server
// comes back to no more than it can bear.
var goal = limit{1.15, 3}

// missed are the outages that miss the goal, and by how much they may. The
// quota pays for 35 repeats, however much or little a client sends: at one
// call in 10 s that is more than it makes in a long outage. And clients that
// are told when the end is all come back then, within the second by which a
// Retry-After is spread.
var missed = map[string]limit{
	"a call each 1s/503 with Retry-After the end":  {1.15, 25},
	"a call each 10s/refused":                      {1.6, 3},
	"a call each 10s/502":                          {1.6, 3},
	"a call each 10s/503":                          {1.6, 3},
	"a call each 10s/503 with Retry-After 30":      {1.6, 3},
	"a call each 10s/503 with Retry-After the end": {1.15, 45},
	"a call each 10s/no answer":                    {1.75, 8},
}

var everyOutage = flag.Bool("outages", false, "run the outages of every load, also without the quota")

func TestAnOutageIsNotMultiplied(t *testing.T) {
	for _, period := range []time.Duration{time.Second, 10 * time.Second} {
		for i, way := range waysToBeDown {
			first := i == 0
			if period == time.Second && !first && !*everyOutage {
				continue // each takes seconds
			}
			name := fmt.Sprintf("a call each %v/%s", period, way.name)
			t.Run(name, func(t *testing.T) {
				o := runOutage(t, period, false, way.down)
				t.Log("with the quota: ", o)
				most, misses := missed[name]
				if !misses {
					most = goal
				}
				if o.ratio() > most.ratio || o.peakAfter > most.peakAfter {
					t.Errorf("ratio %.3f, largest second after the recovery %.2f; want at most %.2f and %.2f", o.ratio(), o.peakAfter, most.ratio, most.peakAfter)
				}
				if misses && o.ratio() <= goal.ratio && o.peakAfter <= goal.peakAfter {
					t.Error("the goal is met: this outage is none of those that miss it any more")
				}
				if *everyOutage || first && period > time.Second {
					without := runOutage(t, period, true, way.down)
					t.Log("without:        ", without)
					if first && without.ratio() < 1.8 {
						t.Errorf("ratio %.3f without the quota: the outage is none", without.ratio())
					}
				}
			})
		}
	}
}
