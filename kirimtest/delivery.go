package kirimtest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// schedule of attempts: the wait before each, from the end of the one before.
var attemptDelays = []time.Duration{
	0, 10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
}

const (
	attemptTimeout   = 10 * time.Second
	attemptJitter    = 0.2
	attemptMostWait  = 24 * time.Hour // that a Retry-After can ask for
	deliveryLifetime = 30 * 24 * time.Hour
)

// delivery is one event on its way to one subscription. Its fields are under
// state.mu.
type delivery struct {
	head
	sub          *subscription
	event        *event
	replayedFrom string
	status       DeliveryStatus
	attempts     []Attempt
	ids          []string // of attempts, where they differ from the delivery's
	inFlight     bool
	lastError    string
	job          *job // the next attempt
}

// enqueue makes a delivery, whose first attempt is due now. state.mu is held.
func (s *Server) enqueue(sub *subscription, ev *event, replayedFrom string, now time.Time) *delivery {
	st := &s.state
	d := &delivery{head: st.newHead("wbd_", now), sub: sub, event: ev, replayedFrom: replayedFrom, status: DeliveryPending}
	d.job = &job{slot: true, run: func(now time.Time) { s.launch(d, now) }}
	for _, old := range st.deliveriesTo(sub).add(d) {
		st.agenda.cancel(old.job)
		for _, id := range old.ids {
			delete(st.attemptIDs, id)
		}
	}
	s.schedule(d.job, now)
	s.noteDelivery(d)
	return d
}

// outgoing is what one attempt sends.
type outgoing struct {
	url    string
	header http.Header
	body   []byte
}

// launch starts the next attempt. state.mu is held.
func (s *Server) launch(d *delivery, now time.Time) {
	st, as, number := &s.state, &s.cfg.assumptions, len(d.attempts)+1
	try := Attempt{Number: number, DeliveryID: d.id, Time: now}
	if number > 1 && as.DeliveryIDPerAttempt && !d.sub.meta {
		try.DeliveryID = newID("wbd_", now)
		d.ids = append(d.ids, try.DeliveryID)
		st.attemptIDs[try.DeliveryID] = d
	}
	body := d.event.payload(d.id, as)
	out := outgoing{url: d.sub.url, body: body, header: s.metaHookHeader(body)}
	if !d.sub.meta {
		out.header = http.Header{
			"Content-Type":        {"application/json"},
			"User-Agent":          {"Kirim-Webhook/1.0"},
			"X-Kirim-Source":      {d.event.source},
			"X-Kirim-Event":       {d.event.name},
			"X-Kirim-Event-Id":    {d.event.id},
			"X-Kirim-Delivery-Id": {try.DeliveryID},
			"X-Kirim-Attempt":     {strconv.Itoa(number)},
			"X-Kirim-Signature":   {sign(d.sub.activeSecrets(now), now, body)},
		}
	}
	d.inFlight = true
	st.agenda.running++
	st.agenda.group.Add(1)
	go s.attempt(d, try, out)
}

// sign is the value of X-Kirim-Signature: one signature under each secret.
func sign(secrets []*signingSecret, now time.Time, body []byte) string {
	t := unixSeconds(now)
	value := "t=" + t
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret.plaintext))
		mac.Write([]byte(t + "."))
		mac.Write(body)
		value += ",v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	return value
}

// attempt makes an attempt and notes what came of it.
func (s *Server) attempt(d *delivery, try Attempt, out outgoing) {
	st := &s.state
	defer st.agenda.group.Done()
	got := s.exchange(out)
	now := s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	st.agenda.running--
	d.inFlight = false
	if !st.agenda.closed { // else it was Close that ended the attempt
		try.StatusCode, try.Error, try.Duration = got.status, got.failure, now.Sub(try.Time)
		if st.journals.watched() {
			try.Header, try.Response = out.header, bytes.Clone(got.body[:min(len(got.body), 4096)])
		}
		d.attempts = append(d.attempts, try)
		s.conclude(d, got, now)
		s.noteDelivery(d)
	}
	st.agenda.poke()
	st.agenda.idle.Broadcast()
}

// attemptResult is what came of an attempt.
type attemptResult struct {
	status     int    // 0 without a response
	failure    string // why there is none, or that the status is no success
	retryAfter string
	body       []byte
}

// exchange sends a request and waits for the response: up to ten seconds of the
// sandbox's clock, or of real time, should that clock stand still.
func (s *Server) exchange(out outgoing) attemptResult {
	ctx, cancel := context.WithTimeout(context.Background(), attemptTimeout)
	defer cancel()
	fired, stop := s.cfg.clock.NewTimer(attemptTimeout)
	defer stop()
	done := make(chan attemptResult, 1)
	go func() { done <- s.post(ctx, out) }()
	select {
	case got := <-done:
		return got
	case <-fired:
	case <-s.closed:
	}
	cancel()
	got := <-done
	if got.status == 0 {
		got.failure = "timeout"
	}
	return got
}

func (s *Server) post(ctx context.Context, out outgoing) attemptResult {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, out.url, bytes.NewReader(out.body))
	if err != nil {
		return attemptResult{failure: err.Error()}
	}
	req.Header = out.header
	resp, err := s.webhooks.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the method and URL
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return attemptResult{failure: "timeout"}
		}
		return attemptResult{failure: err.Error()}
	}
	defer resp.Body.Close()
	got := attemptResult{status: resp.StatusCode, retryAfter: resp.Header.Get("Retry-After")}
	const most = 64 << 10 // for the connection's next use; the status has decided
	if s.state.journals.watched() {
		got.body, _ = io.ReadAll(io.LimitReader(resp.Body, most))
	} else {
		_, _ = io.CopyN(io.Discard, resp.Body, most)
	}
	if !got.success() {
		got.failure = fmt.Sprintf("HTTP %d", got.status)
	}
	return got
}

func (o *attemptResult) success() bool { return o.status >= 200 && o.status < 300 }

// again reports whether the delivery is attempted again, if it has attempts
// left.
func (o *attemptResult) again() bool {
	return o.status < 200 || o.status >= 300 && o.status < 400 || o.status >= 500 ||
		o.status == http.StatusRequestTimeout || o.status == http.StatusTooManyRequests
}

// conclude decides how a delivery goes on. state.mu is held.
func (s *Server) conclude(d *delivery, got attemptResult, now time.Time) {
	if d.sub.meta {
		s.concludeMeta(d, got, now)
		return
	}
	st := &s.state
	d.lastError = got.failure
	if got.success() {
		d.status = DeliverySucceeded
		d.sub.failures = 0
		return
	}
	switch _, kept := st.deliveries.get(d.id); {
	case !got.again():
		d.status = DeliveryFailed
		s.countFailure(d.sub)
	case len(d.attempts) == len(attemptDelays):
		d.status = DeliveryDead
		s.countFailure(d.sub)
	case d.sub.ended():
		d.status = DeliveryDead
	case kept:
		s.schedule(d.job, now.Add(s.nextDelay(len(d.attempts), got, now)))
	}
}

// nextDelay is the wait before the attempt after n of them.
func (s *Server) nextDelay(n int, got attemptResult, now time.Time) time.Duration {
	delay := attemptDelays[n]
	if !s.cfg.noJitter {
		delay = time.Duration(float64(delay) * (1 - attemptJitter + 2*attemptJitter*rand.Float64()))
	}
	if got.status == http.StatusTooManyRequests {
		delay = max(delay, retryAfter(got.retryAfter, now))
	}
	return delay
}

// retryAfter reads a Retry-After of either form; 0 when it has neither.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(attemptMostWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(at.Sub(now), attemptMostWait)
	}
	return 0
}

// countFailure notes that a delivery failed for good and disables the
// subscription when it was one too many. state.mu is held.
func (s *Server) countFailure(sub *subscription) {
	sub.failures++
	most := s.cfg.assumptions.AutoDisableAfter
	if most > 0 && sub.failures >= most && !sub.ended() {
		sub.status = SubscriptionDisabled
		s.bury(sub, "subscription disabled")
	}
}

// bury ends the deliveries that wait for an attempt. state.mu is held.
func (s *Server) bury(sub *subscription, why string) {
	st := &s.state
	for d := range st.deliveries.oldest {
		if d.sub == sub && d.status == DeliveryPending && !d.inFlight {
			st.agenda.cancel(d.job)
			d.status, d.lastError = DeliveryDead, why
			s.noteDelivery(d)
		}
	}
}

// DeliveryStatus is the state of a delivery.
type DeliveryStatus string

// States of a delivery.
const (
	DeliveryPending   DeliveryStatus = "pending"   // an attempt is under way or planned
	DeliverySucceeded DeliveryStatus = "delivered" // answered with 2xx
	DeliveryFailed    DeliveryStatus = "failed"    // answered with a status that is not tried again
	DeliveryDead      DeliveryStatus = "dead"      // all eight attempts failed, Meta's seven days are over, or the subscription ended
)

// Delivery is one event on its way to one subscription.
type Delivery struct {
	ID             string // wbd_…
	SubscriptionID string
	URL            string
	Event          string // "message.received", …; to Server.SubscribeMeta the field: "messages", …
	EventID        string // empty to Server.SubscribeMeta
	Source         string // "meta" or "kirim": the shape of Body
	ReplayedFrom   string // the delivery that this one replays; often empty
	Body           []byte
	Status         DeliveryStatus
	CreatedAt      time.Time
	NextAttempt    time.Time // zero when none is planned
	Attempts       []Attempt // those that ended
}

// Attempt is one request to a webhook.
type Attempt struct {
	Number     int    // X-Kirim-Attempt
	DeliveryID string // X-Kirim-Delivery-Id
	Time       time.Time
	StatusCode int    // 0 when there was no response
	Error      string // empty after a success

	// Duration is from Time until the response, or the failure.
	Duration time.Duration

	// Header is that of the request, and Response the first 4,096 bytes of the body of
	// the response. They are kept only while somebody listens; see [Server.Journal].
	Header   http.Header
	Response []byte
}

// Deliveries returns the webhook deliveries of the last 30 days, oldest first,
// as many as [Limits] allows. The values are copies.
func (s *Server) Deliveries() []Delivery {
	st, now := &s.state, s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	all := slices.Concat(st.deliveries.order, st.meta.deliveries.order)
	slices.SortFunc(all, func(a, b *delivery) int { return cmp.Compare(a.seq, b.seq) })
	list := make([]Delivery, 0, len(all))
	for _, d := range all {
		if d.purged(now) {
			continue
		}
		list = append(list, s.publicDelivery(d))
	}
	return list
}

// publicDelivery is a copy for a caller. state.mu is held.
func (s *Server) publicDelivery(d *delivery) Delivery {
	return Delivery{
		ID:             d.id,
		SubscriptionID: d.sub.id,
		URL:            d.sub.url,
		Event:          d.event.name,
		EventID:        d.event.id,
		Source:         d.event.source,
		ReplayedFrom:   d.replayedFrom,
		Body:           bytes.Clone(d.event.payload(d.id, &s.cfg.assumptions)),
		Status:         d.status,
		CreatedAt:      d.created,
		NextAttempt:    d.nextAttempt(),
		Attempts:       slices.Clone(d.attempts),
	}
}

func (d *delivery) purged(now time.Time) bool { return now.Sub(d.created) >= deliveryLifetime }

// nextAttempt is zero unless an attempt is planned.
func (d *delivery) nextAttempt() time.Time {
	if d.status != DeliveryPending || d.inFlight {
		return time.Time{}
	}
	return d.job.at
}
