package fire

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

// The same seed means the same messages over the same roads, and the same harm
// to the n-th request of each. Which connections they share is up to chance.
var (
	chaosSeed     = flag.Uint64("chaos.seed", 1, "of the chaos test")
	chaosMessages = flag.Int("chaos.messages", 4_200, "logical messages of the chaos test; make chaos sends ten times as many")
)

// chaosSender is a way to send.
type chaosSender struct {
	name       string
	unkeyed    bool
	orTemplate bool
	opts       func(message int) []kirim.RequestOption
	cloud      bool // over Meta's Cloud API, which has no keys
}

var chaosSenders = []chaosSender{
	{name: "with the key of the call"},
	{name: "with a key of its own", opts: func(n int) []kirim.RequestOption {
		return []kirim.RequestOption{kirim.WithIdempotencyKey(fmt.Sprintf("order-%d", n))}
	}},
	{name: "without a key", unkeyed: true},
	{name: "without retries", opts: func(int) []kirim.RequestOption { return []kirim.RequestOption{kirim.WithoutRetry()} }},
	{name: "text or template", orTemplate: true},
	{name: "text or template without a key", unkeyed: true, orTemplate: true},
	{name: "over the Cloud API", unkeyed: true, cloud: true},
}

// tally counts what became of messages.
type tally struct {
	sent, notSent, doubtful atomic.Int64
	twice, lost, denied     atomic.Int64
}

// count adds one message.
func (c *tally) count(err error, processed int32) {
	if processed > 1 {
		c.twice.Add(1)
	}
	switch {
	case err == nil:
		c.sent.Add(1)
		if processed == 0 {
			c.lost.Add(1)
		}
	case kirim.MaybeSent(err):
		c.doubtful.Add(1)
	default:
		c.notSent.Add(1)
		if processed > 0 {
			c.denied.Add(1)
		}
	}
}

func (c *tally) broken() bool { return c.twice.Load()+c.lost.Load()+c.denied.Load() > 0 }

func (c *tally) String() string {
	return fmt.Sprintf("%d sent, %d not sent, %d in doubt; processed twice %d, success without delivery %d, MaybeSent false although delivered %d",
		c.sent.Load(), c.notSent.Load(), c.doubtful.Load(), c.twice.Load(), c.lost.Load(), c.denied.Load())
}

// chaos sends messages over all roads with all senders, and returns the tally
// of each road.
func chaos(t *testing.T, messages int, lie chaosLie) (*oracle, *chaosServers, []chaosRoad, []tally) {
	t.Helper()
	noGoroutineLeaks(t)
	quietly(t)
	known := newAuthority(t)
	var roads []chaosRoad
	split := func(n int) (road int, sender chaosSender, closed bool) {
		road, n = n%len(roads), n/len(roads)
		sender, n = chaosSenders[n%len(chaosSenders)], n/len(chaosSenders)
		return road, sender, sender.orTemplate && n%2 == 0
	}
	const mostRoads = 32
	o := newOracle(*chaosSeed, messages, mostRoads, func(n int) (int, bool) {
		road, _, closed := split(n)
		return road, closed
	})
	o.lie = lie
	servers := startChaosServers(t, o, known)
	roads = chaosRoads(t, servers, known)
	clients, clouds := make([][2]*kirim.Client, len(roads)), make([]*cloudapi.Client, len(roads))
	for i, road := range roads {
		clouds[i] = road.cloud(t, chaosPolicy())
		clients[i] = [2]*kirim.Client{road.client(t, chaosPolicy()), road.client(t, chaosPolicy(), kirim.WithoutIdempotencyKeys())}
	}

	errs := make([]error, messages)
	var next atomic.Int64
	var senders sync.WaitGroup
	for range 32 {
		senders.Go(func() {
			for n := int(next.Add(1)) - 1; n < messages; n = int(next.Add(1)) - 1 {
				road, sender, _ := split(n)
				client := clients[road][0]
				if sender.unkeyed {
					client = clients[road][1]
				}
				if sender.cloud {
					_, errs[n] = clouds[road].PhoneNumber(fmt.Sprint(n)).Send(t.Context(), hello)
				} else {
					errs[n] = sender.send(t.Context(), client, n)
				}
			}
		})
	}
	senders.Wait()
	for _, pair := range clients {
		pair[0].CloseIdleConnections()
		pair[1].CloseIdleConnections()
	}
	servers.close()

	tallies := make([]tally, len(roads))
	for n, err := range errs {
		var answer *kirim.Error
		var lost *kirim.TransportError
		road, sender, _ := split(n)
		if err != nil && !errors.As(err, &answer) && !errors.As(err, &lost) {
			t.Errorf("message %d, %s, %s: the error is neither of the two kinds: %v", n, roads[road].name, sender.name, err)
		}
		var one tally
		if one.count(err, o.processed[n].Load()); one.broken() && lie == honest {
			t.Errorf("message %d, %s, %s: processed %d times in %d requests, MaybeSent %v: %v", n, roads[road].name, sender.name,
				o.processed[n].Load(), o.requests[n].Load(), kirim.MaybeSent(err), err)
		}
		tallies[road].count(err, o.processed[n].Load())
	}
	return o, servers, roads, tallies
}

func (s chaosSender) send(ctx context.Context, client *kirim.Client, n int) error {
	messages := client.PhoneNumber(fmt.Sprint(n)).Messages
	var opts []kirim.RequestOption
	if s.opts != nil {
		opts = s.opts(n)
	}
	var err error
	if s.orTemplate {
		_, err = messages.SendOrTemplate(ctx, hello, kirim.Template{Name: "hello_world", Language: "en_US"}, opts...)
	} else {
		_, err = messages.Send(ctx, hello, opts...)
	}
	return err
}

// Whatever a server does before, while and after it processes a message,
// whichever transport the program has: the server knows what happened, and what
// the SDK says of each message must agree.
func TestChaosSendsNothingTwiceAndTellsTheTruth(t *testing.T) {
	began := time.Now()
	o, servers, roads, tallies := chaos(t, *chaosMessages, honest)
	var requests, templates, harmed int64
	for i := range o.requests {
		requests += int64(o.requests[i].Load())
	}
	templates = o.templates.Load()
	for h := range harms {
		n := o.harmed[h].Load()
		t.Logf("harm: %-20s %d", harmNames[h], n)
		if n == 0 {
			t.Errorf("the harm %q was never done", harmNames[h])
		}
		if h != harmless {
			harmed += n
		}
	}
	for name, n := range map[string]int64{"noise before a request": servers.noisy.Load(), "reset before a request": servers.resets.Load()} {
		t.Logf("harm: %-20s %d", name, n)
		if harmed += n; n == 0 {
			t.Errorf("the harm %q was never done", name)
		}
	}
	var twice, lost, denied, doubtful int64
	for i, road := range roads {
		c := &tallies[i]
		t.Logf("%s: %v", road.name, c)
		twice, lost, denied, doubtful = twice+c.twice.Load(), lost+c.lost.Load(), denied+c.denied.Load(), doubtful+c.doubtful.Load()
		if c.sent.Load() == 0 || c.notSent.Load() == 0 || c.doubtful.Load() == 0 {
			t.Errorf("%s: one of the three outcomes never came", road.name)
		}
		for version := range o.protocols[i] {
			if n := o.protocols[i][version].Load(); (n > 0) != (version == road.proto) {
				t.Errorf("%s: %d requests over HTTP/%d", road.name, n, version)
			}
		}
		if road.used != nil && road.used.Load() == 0 {
			t.Errorf("%s: what makes it differ never happened", road.name)
		}
	}
	if templates == 0 || o.cookies.Load() == 0 {
		t.Errorf("%d templates, %d requests with a cookie", templates, o.cookies.Load())
	}
	t.Logf("seed %d: %d messages over %d roads by %d senders, %d requests, %d of them templates, %d harmed, %d in doubt, in %v",
		*chaosSeed, *chaosMessages, len(roads), len(chaosSenders), requests, templates, harmed, doubtful, time.Since(began).Round(time.Millisecond))
	t.Logf("processed twice %d, success without delivery %d, MaybeSent false although delivered %d", twice, lost, denied)
}

// The chaos can find something: a server that breaks its word is noticed.
func TestTheChaosNoticesAServerThatBreaksItsWord(t *testing.T) {
	for lie, found := range map[chaosLie]func(*tally) bool{
		forgetsKeys:   func(c *tally) bool { return c.twice.Load() > 0 },
		acceptsInVain: func(c *tally) bool { return c.lost.Load() > 0 },
		refusesAfter:  func(c *tally) bool { return c.denied.Load() > 0 },
	} {
		t.Run(fmt.Sprint(lie), func(t *testing.T) {
			_, _, _, tallies := chaos(t, 294, lie)
			for i := range tallies {
				if found(&tallies[i]) {
					return
				}
			}
			t.Error("nothing was noticed")
		})
	}
}
