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

var everyOutage = flag.Bool("outages", false, "run all of the outages, recoveries and blips, and the outages also without the retry budget")

const latency = 50 * time.Millisecond

// fleet is a number of clients that each make a call once a period, beginning anywhere
// in it. Calls begin on time whether or not earlier ones have ended, as orders come in
// whether or not messages go out, and no deadline ends them early: of all callers
// these make the most of a retry.
type fleet struct {
	clients int
	period  time.Duration
	run     time.Duration // in which calls begin
	policy  kirim.RetryPolicy
}

// load is the ordinary number of calls a second.
func (f fleet) load() float64 { return float64(f.clients) / f.period.Seconds() }

// fleetServer responds to a fleet, and counts what reaches it, or would have, in each
// second.
type fleetServer struct {
	began   time.Time
	respond func(req *http.Request, at time.Duration) (*http.Response, error)
	seconds []atomic.Int64
}

// RoundTrip implements [http.RoundTripper].
func (s *fleetServer) RoundTrip(req *http.Request) (*http.Response, error) {
	at := time.Since(s.began)
	s.seconds[int(at/time.Second)].Add(1)
	return s.respond(req, at)
}

// between returns the number of requests of a time.
func (s *fleetServer) between(from, to time.Duration) (n int) {
	for i := from / time.Second; i < to/time.Second; i++ {
		n += int(s.seconds[i].Load())
	}
	return n
}

// largest returns the largest second from a time on.
func (s *fleetServer) largest(from time.Duration) (n float64) {
	for i := from / time.Second; int(i) < len(s.seconds); i++ {
		n = max(n, float64(s.seconds[i].Load()))
	}
	return n
}

// send lets the fleet make its calls in virtual time, and gives end when each began and
// how it ended.
func (f fleet) send(t *testing.T, respond func(*http.Request, time.Duration) (*http.Response, error), end func(began time.Duration, err error)) *fleetServer {
	t.Helper()
	server := &fleetServer{respond: respond, seconds: make([]atomic.Int64, int((f.run+10*time.Minute)/time.Second))}
	synctest.Test(t, func(t *testing.T) {
		var running sync.WaitGroup
		server.began = time.Now()
		random := rand.New(rand.NewPCG(1, 1))
		for range f.clients {
			client, err := kirim.NewClient("key", kirim.WithHTTPClient(&http.Client{Transport: server}), kirim.WithRetryPolicy(f.policy))
			if err != nil {
				t.Fatal(err)
			}
			phase := time.Duration(random.Int64N(int64(f.period)))
			running.Go(func() {
				for at := phase; at < f.run; at += f.period {
					time.Sleep(time.Until(server.began.Add(at)))
					running.Go(func() { end(at, client.Do(t.Context(), http.MethodPost, "/1/messages", nil, message, nil)) })
				}
			})
		}
		running.Wait()
	})
	return server
}

var message = []byte(`{"to":"+6281100000001","type":"text","text":{"body":"Halo"}}`)

func works(req *http.Request) (*http.Response, error) {
	time.Sleep(latency)
	return respondWith(req, http.StatusAccepted, nil, `{"data":{"id":"msg_1","status":"pending"}}`), nil
}

func respondWith(req *http.Request, status int, header http.Header, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
	}
}

// downFunc responds while the server is down, which it will be for a while.
type downFunc func(req *http.Request, left time.Duration) (*http.Response, error)

// responding is down in such a way that something still responds.
func responding(status int, header func(left time.Duration) http.Header) downFunc {
	return func(req *http.Request, left time.Duration) (*http.Response, error) {
		time.Sleep(latency)
		return respondWith(req, status, header(left), "<html>down</html>"), nil
	}
}

func noHeader(time.Duration) http.Header { return nil }

// untilTheEnd names the end of an outage.
func untilTheEnd(left time.Duration) http.Header {
	return http.Header{"Retry-After": {strconv.Itoa(int(left.Seconds()) + 1)}}
}

var waysToBeDown = []struct {
	name string
	down downFunc
}{
	{"refused", func(*http.Request, time.Duration) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}},
	{"502", responding(http.StatusBadGateway, noHeader)},
	{"503", responding(http.StatusServiceUnavailable, noHeader)},
	{"503 with Retry-After 30", responding(http.StatusServiceUnavailable, func(time.Duration) http.Header {
		return http.Header{"Retry-After": {"30"}}
	})},
	{"503 with Retry-After the end", responding(http.StatusServiceUnavailable, untilTheEnd)},
	{"no response", func(req *http.Request, _ time.Duration) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}},
}

// An outage adds less than a sixth to the requests, counted over ten minutes: those of
// an outage, or such that hold one of three minutes.
func TestAnOutageIsNotMultiplied(t *testing.T) {
	const most, counted = 1.15, 10 * time.Minute
	for _, period := range []time.Duration{100 * time.Millisecond, time.Second, 10 * time.Second} {
		for i, way := range waysToBeDown {
			for _, lasts := range []time.Duration{3 * time.Minute, counted} {
				switch {
				case *everyOutage, !underRace && period >= time.Second, period == 10*time.Second && (i == 0 || lasts < counted):
				default:
					continue // each takes seconds; `make sends` runs more of them
				}
				t.Run(fmt.Sprintf("a call each %v/%s/%v", period, way.name, lasts), func(t *testing.T) {
					t.Parallel()
					f := fleet{clients: 200, period: period, run: counted + 2*time.Minute, policy: kirim.DefaultRetryPolicy()}
					if period < time.Second {
						f.clients = 20
					}
					o := f.meet(t, way.down, lasts, counted)
					t.Log("with the budget:", o)
					if lasts == counted { // for bench/RESULTS.md
						fmt.Printf("BenchmarkOutage/period=%v/%s 1 %.3f requests/call\n", period, strings.ReplaceAll(way.name, " ", "-"), o.ratio())
					}
					if o.ratio() > most {
						t.Errorf("%.3f requests a call, want at most %.2f", o.ratio(), most)
					}
					if i == 0 && period >= time.Second {
						f.policy.WithoutQuota = true
						without := f.meet(t, way.down, lasts, counted)
						t.Log("without:        ", without)
						if without.ratio() < 1.8 {
							t.Errorf("%.3f requests a call without the budget: the outage is none", without.ratio())
						}
					}
				})
			}
		}
	}
}

// outage is what was seen over a time in which a server was down.
type outage struct {
	calls, requests, failed int
	peakAfter               float64 // the largest second after it, in multiples of the load
}

func (o outage) ratio() float64 { return float64(o.requests) / float64(o.calls) }

func (o outage) String() string {
	return fmt.Sprintf("%d requests for %d calls: %.3f a call, %d fail; the largest second after the outage is %.2f times the load",
		o.requests, o.calls, o.ratio(), o.failed, o.peakAfter)
}

// meet lets a fleet send through an outage that begins after a minute.
func (f fleet) meet(t *testing.T, down downFunc, lasts, counted time.Duration) outage {
	t.Helper()
	const from = time.Minute
	until := from + lasts
	var calls, failed atomic.Int64
	server := f.send(t, func(req *http.Request, at time.Duration) (*http.Response, error) {
		if at >= from && at < until {
			return down(req, until-at)
		}
		return works(req)
	}, func(began time.Duration, err error) {
		if began < from || began >= from+counted {
			return
		}
		calls.Add(1)
		if err != nil {
			failed.Add(1)
		}
	})
	return outage{int(calls.Load()), server.between(from, from+counted), int(failed.Load()), server.largest(until) / f.load()}
}
