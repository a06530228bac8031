package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// StatusStore checks a [kirim.StatusStore]: after any updates and joins, in any order and
// from several processes, it says what a [kirim.StatusTracker] says. It calls open for
// each subtest.
func StatusStore(t *testing.T, open func(*testing.T) Opened[kirim.StatusStore], opts ...Option) {
	t.Helper()
	runAll(t, open, opts, map[string]func(*testing.T, Opened[kirim.StatusStore]){
		"random updates and joins":         randomSteps,
		"every order of a few":             everyOrder,
		"processes that hear at once":      heardAtOnce,
		"processes that join at once":      joinedAtOnce,
		"what says nothing":                emptySteps,
		"ids are told apart":               idsApart,
		"contexts that ended":              statusEnded,
		"what is old is forgotten":         oldStatusesGo,
		"what the feed of a handler hears": feedHears,
	})
}

type statusStores = Opened[kirim.StatusStore]

// step is an update, or a join of two ids.
type step struct {
	update    *kirim.StatusUpdate
	id, wamid string
}

func (s step) String() string {
	if s.update == nil {
		return fmt.Sprintf("join %s %s", s.id, s.wamid)
	}
	return fmt.Sprintf("%s %s %s at %d of %s, %d errors", s.update.ID, s.update.Status, s.update.GroupID, s.update.Time.Unix(),
		s.update.Recipient.Phone+s.update.Recipient.UserID, len(s.update.Errors))
}

// failure makes the errors of a failed message as they are when it was decoded.
func failure(codes ...int) (errs []kirim.EventError) {
	for _, code := range codes {
		raw := fmt.Sprintf(`{"code": %d, "title": "T%d", "error_data": {"details": "D"}}`, code, code)
		event, err := kirim.DecodeEvent(nil, []byte(`{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{"id":"x","status":"failed","errors":[`+raw+`]}]}}]}]}`))
		if err != nil {
			panic(err)
		}
		errs = append(errs, event.Data[0].(*kirim.StatusUpdate).Errors...)
	}
	return errs
}

// randomStep is about one of a few messages, so that they meet.
func randomStep(r *rand.Rand) step {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	if r.IntN(4) == 0 {
		return step{id: pick("msg_1", "msg_1", "msg_2", "msg_3"), wamid: pick("wamid.A", "wamid.A", "wamid.B", "wamid.C")}
	}
	u := &kirim.StatusUpdate{
		ID:     pick("msg_1", "msg_2", "wamid.A", "wamid.A", "wamid.B"),
		Status: kirim.MessageStatus(pick("pending", "sent", "delivered", "read", "failed", "failed", "levitated")),
	}
	if r.IntN(5) > 0 {
		u.Time = time.Unix(1780000000+int64(r.IntN(4)), 0)
	}
	if u.Status == kirim.MessageFailed {
		u.Errors = failure([][]int{nil, {131047}, {131026}, {131026, 131047}}[r.IntN(4)]...)
	}
	if r.IntN(3) == 0 {
		u.GroupID = "G"
		u.Recipient = []kirim.Person{{Phone: "6281"}, {Phone: "6282"}, {UserID: "ID.1"}, {Phone: "6281", UserID: "ID.1"}, {}}[r.IntN(5)]
	}
	return step{update: u}
}

var (
	allIDs          = []string{"msg_1", "msg_2", "msg_3", "wamid.A", "wamid.B", "wamid.C", "unheard of"}
	allParticipants = []string{"", "6281", "+6282", "ID.1", "nobody"}
)

// take lets a store take a step, and holds what it says against the model.
func take(t *testing.T, s kirim.StatusStore, model *kirim.StatusTracker, step step) {
	t.Helper()
	if step.update == nil {
		must(t, s.Join(t.Context(), step.id, step.wamid))
		model.Join(step.id, step.wamid)
		return
	}
	want, wantChanged := model.Apply(step.update)
	got, changed, err := s.Apply(t.Context(), step.update)
	if err != nil || changed != wantChanged || progressText(got) != progressText(want) {
		t.Errorf("%v: %s, changed %v, %v, want %s, changed %v", step, progressText(got), changed, err, progressText(want), wantChanged)
	}
}

// wantAll asks for everything, and holds it against the model.
func wantAll(t *testing.T, s kirim.StatusStore, model *kirim.StatusTracker, steps []step) {
	t.Helper()
	for _, id := range allIDs {
		for _, participant := range allParticipants {
			want, wantKnown := model.Progress(id, participant)
			got, known, err := s.Progress(t.Context(), id, participant)
			if err != nil || known != wantKnown || progressText(got) != progressText(want) {
				t.Errorf("%s %s: %s, known %v, %v, want %s, known %v, after %q", id, participant, progressText(got), known, err, progressText(want), wantKnown, steps)
			}
		}
	}
}

func progressText(p kirim.MessageProgress) string {
	text := fmt.Sprintf("%s %s %s", p.ID, p.WAMID, p.Status)
	if !p.Time.IsZero() {
		text += fmt.Sprint(" ", p.Time.UnixNano())
	}
	if p.Err != nil {
		text += " " + p.Err.Error()
		var first *kirim.EventError
		if errors.As(p.Err, &first) {
			text += fmt.Sprintf(" %+v %s", *first, first.Raw)
		}
		text += fmt.Sprint(" ", kirim.IsOutside24hWindow(p.Err))
	}
	return text
}

func randomSteps(t *testing.T, o statusStores) {
	const runs, length = 12, 14
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 1))
		processes := []kirim.StatusStore{o.Connect(), o.Connect()}
		model := kirim.NewStatusTracker(0)
		var steps []step
		for i := range length {
			s := randomStep(r)
			// Each run has messages of its own in the same store.
			steps = append(steps, s)
			take(t, prefixed{processes[i%2], fmt.Sprint("run", seed)}, model, s)
		}
		wantAll(t, prefixed{processes[0], fmt.Sprint("run", seed)}, model, steps)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// prefixed is a store in which all ids have a suffix, which is not shown.
type prefixed struct {
	kirim.StatusStore
	run string
}

func (p prefixed) Apply(ctx context.Context, update *kirim.StatusUpdate) (kirim.MessageProgress, bool, error) {
	own := *update
	own.ID += "." + p.run
	progress, changed, err := p.StatusStore.Apply(ctx, &own)
	return p.trim(progress), changed, err
}

func (p prefixed) Join(ctx context.Context, id, wamid string) error {
	return p.StatusStore.Join(ctx, id+"."+p.run, wamid+"."+p.run)
}

func (p prefixed) Progress(ctx context.Context, id, participant string) (kirim.MessageProgress, bool, error) {
	progress, known, err := p.StatusStore.Progress(ctx, id+"."+p.run, participant)
	return p.trim(progress), known, err
}

func (p prefixed) trim(progress kirim.MessageProgress) kirim.MessageProgress {
	progress.ID, progress.WAMID = strings.TrimSuffix(progress.ID, "."+p.run), strings.TrimSuffix(progress.WAMID, "."+p.run)
	return progress
}

// everyOrder takes a few steps in all of their orders.
func everyOrder(t *testing.T, o statusStores) {
	s := o.Connect()
	steps := []step{
		{id: "msg_1", wamid: "wamid.A"},
		{update: &kirim.StatusUpdate{ID: "wamid.A", Status: kirim.MessageSent, Time: time.Unix(1780000003, 0)}},
		{update: &kirim.StatusUpdate{ID: "msg_1", Status: kirim.MessageFailed, Time: time.Unix(1780000002, 0), Errors: failure(131047)}},
		{update: &kirim.StatusUpdate{ID: "wamid.A", Status: kirim.MessageFailed, Time: time.Unix(1780000001, 0)}},
	}
	n := 0
	var rest func(int)
	rest = func(i int) {
		if i < len(steps) {
			for j := i; j < len(steps); j++ {
				steps[i], steps[j] = steps[j], steps[i]
				rest(i + 1)
				steps[i], steps[j] = steps[j], steps[i]
			}
			return
		}
		n++
		model := kirim.NewStatusTracker(0)
		own := prefixed{s, fmt.Sprint("order", n)}
		for _, step := range steps {
			take(t, own, model, step)
		}
		p, known, err := own.Progress(t.Context(), "msg_1", "")
		if err != nil || !known || p.Status != kirim.MessageFailed || p.Time.Unix() != 1780000002 || !kirim.IsOutside24hWindow(p.Err) || p.ID != "msg_1" || p.WAMID != "wamid.A" {
			t.Errorf("%s, %v, %v, after %q", progressText(p), known, err, steps)
		}
	}
	rest(0)
}

// heardAtOnce lets several processes take the same updates and joins in, each in
// an order of its own.
func heardAtOnce(t *testing.T, o statusStores) {
	const processes = 6
	r := rand.New(rand.NewPCG(3, 1))
	var steps []step
	model := kirim.NewStatusTracker(0)
	for range 25 {
		s := randomStep(r)
		steps = append(steps, s)
		if s.update != nil {
			model.Apply(s.update)
		} else {
			model.Join(s.id, s.wamid)
		}
	}
	var all sync.WaitGroup
	var errs [processes]error
	for p := range processes {
		s, own := o.Connect(), slices.Clone(steps)
		rand.New(rand.NewPCG(uint64(p), 2)).Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
		all.Go(func() {
			for _, step := range own {
				var err error
				if step.update != nil {
					_, _, err = s.Apply(t.Context(), step.update)
				} else {
					err = s.Join(t.Context(), step.id, step.wamid)
				}
				errs[p] = errors.Join(errs[p], err)
			}
		})
	}
	all.Wait()
	must(t, errs[:]...)
	wantAll(t, o.Connect(), model, steps)
}

// joinedAtOnce lets processes join and update the two ids of new messages at the
// same moment, in both directions.
func joinedAtOnce(t *testing.T, o statusStores) {
	const messages = 20
	a, b := o.Connect(), o.Connect()
	for i := range messages {
		id, wamid := fmt.Sprint("msg_", i), fmt.Sprint("wamid.", i)
		var all sync.WaitGroup
		var errs [4]error
		all.Go(func() { errs[0] = a.Join(t.Context(), id, wamid) })
		all.Go(func() { errs[1] = b.Join(t.Context(), id, wamid) })
		all.Go(func() {
			_, _, errs[2] = a.Apply(t.Context(), &kirim.StatusUpdate{ID: id, Status: kirim.MessageSent})
		})
		all.Go(func() {
			_, _, errs[3] = b.Apply(t.Context(), &kirim.StatusUpdate{ID: wamid, Status: kirim.MessageRead})
		})
		all.Wait()
		must(t, errs[:]...)
		for _, one := range []string{id, wamid} {
			if p, known, err := a.Progress(t.Context(), one, ""); err != nil || !known || p.Status != kirim.MessageRead || p.ID != id || p.WAMID != wamid {
				t.Fatalf("%s is %s, %v, %v", one, progressText(p), known, err)
			}
		}
	}
}

func emptySteps(t *testing.T, o statusStores) {
	s := o.Connect()
	for _, update := range []*kirim.StatusUpdate{nil, {}, {Status: kirim.MessageRead}} {
		if p, changed, err := s.Apply(t.Context(), update); err != nil || changed || progressText(p) != progressText(kirim.MessageProgress{}) {
			t.Errorf("%+v: %s, %v, %v", update, progressText(p), changed, err)
		}
	}
	must(t, s.Join(t.Context(), "", "wamid.A"), s.Join(t.Context(), "msg_1", ""), s.Join(t.Context(), "", ""))
	for _, id := range []string{"", "msg_1", "wamid.A"} {
		if p, known, err := s.Progress(t.Context(), id, ""); err != nil || known {
			t.Errorf("%q: %s, %v, %v", id, progressText(p), known, err)
		}
	}
	// A join alone makes a message known.
	must(t, s.Join(t.Context(), "msg_1", "wamid.A"))
	if p, known, err := s.Progress(t.Context(), "wamid.A", ""); err != nil || !known || p.Status != "" || p.ID != "msg_1" {
		t.Errorf("%s, %v, %v", progressText(p), known, err)
	}
}

func idsApart(t *testing.T, o statusStores) {
	a, b := o.Connect(), o.Connect()
	at := func(i int) time.Time { return time.Unix(1780000000+int64(i), 0) }
	for i, id := range oddKeys() {
		if _, changed, err := a.Apply(t.Context(), &kirim.StatusUpdate{ID: id, Status: kirim.MessageSent, Time: at(i)}); err != nil || !changed {
			t.Errorf("%.40q: changed %v, %v", id, changed, err)
		}
	}
	for i, id := range oddKeys() {
		if p, known, err := b.Progress(t.Context(), id, ""); err != nil || !known || !p.Time.Equal(at(i)) || p.WAMID != id {
			t.Errorf("%.40q: %s, %v, %v", id, progressText(p), known, err)
		}
	}
}

func statusEnded(t *testing.T, o statusStores) {
	s := o.Connect()
	_, _, err := s.Apply(cancelled(t), &kirim.StatusUpdate{ID: "wamid.A", Status: kirim.MessageSent})
	if p, known, after := s.Progress(t.Context(), "wamid.A", ""); after != nil || known != (err == nil) {
		t.Errorf("Apply is %v, and then there is %s, %v, %v", err, progressText(p), known, after)
	}
	err = s.Join(cancelled(t), "msg_2", "wamid.B")
	if p, known, after := s.Progress(t.Context(), "msg_2", ""); after != nil || known != (err == nil) {
		t.Errorf("Join is %v, and then there is %s, %v, %v", err, progressText(p), known, after)
	}
	if p, known, err := s.Progress(cancelled(t), "wamid.A", ""); err != nil && (known || p != (kirim.MessageProgress{})) {
		t.Errorf("%s, %v, %v", progressText(p), known, err)
	}
}

func oldStatusesGo(t *testing.T, o statusStores) {
	o.advances(t)
	if o.Count == nil || o.Retention == 0 {
		t.Skip("the store under test has no Opened.Count or no Opened.Retention")
	}
	s := o.Connect()
	const rounds, each = 5, 20
	for round := range rounds {
		for i := range each {
			_, _, err := s.Apply(t.Context(), &kirim.StatusUpdate{ID: fmt.Sprintf("msg_%d_%d", round, i), Status: kirim.MessageSent})
			must(t, err, s.Join(t.Context(), fmt.Sprintf("msg_%d_%d", round, i), fmt.Sprintf("wamid.%d.%d", round, i)))
		}
		o.Advance(o.Retention * 9 / 10)
		if _, known, err := s.Progress(t.Context(), fmt.Sprintf("wamid.%d.0", round), ""); err != nil || !known {
			t.Errorf("it is forgotten too early: %v, %v", known, err)
		}
		o.Advance(o.Retention * 2 / 10)
	}
	for i := range 2 * each {
		_, _, err := s.Apply(t.Context(), &kirim.StatusUpdate{ID: fmt.Sprintf("msg_late_%d", i), Status: kirim.MessageSent})
		must(t, err)
	}
	// In the units of a store, a message with two ids may be up to three entries.
	if n, most := o.Count(), 3*(2*each+each); n > most {
		t.Errorf("%d entries are stored for %d messages of which the last %d are not too old", n, rounds*each+2*each, 2*each)
	}
}

func feedHears(t *testing.T, o statusStores) {
	feed := kirim.NewStatusFeed(kirim.WithStatusStore(o.Connect()))
	hooks := kirim.NewWebhookHandler(nil)
	feed.Attach(hooks)
	for _, body := range []string{
		`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},"statuses":[{"id":"wamid.1","status":"delivered","timestamp":"1780000000","recipient_id":"6281100000001"}]}}]}]}`,
		`{"id":"evt_1","type":"message.sent","created_at":"2026-11-25T00:00:00Z","data":{"session":"1","message":{"id":"msg_1","provider_id":"wamid.1","type":"text"}}}`,
	} {
		event, err := kirim.DecodeEvent(nil, []byte(body))
		must(t, err)
		must(t, hooks.HandleEvent(t.Context(), event))
	}
	if p, known, err := o.Connect().Progress(t.Context(), "msg_1", ""); err != nil || !known || p.Status != kirim.MessageDelivered {
		t.Errorf("%s, %v, %v", progressText(p), known, err)
	}
}
