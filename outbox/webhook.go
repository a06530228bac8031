package outbox

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// Attach makes the outbox hear of what the handler accepts, beside the
// handler's callbacks: what becomes of messages that were sent, which wamid belongs to
// which msg_… id, and who stops marketing. The subscription needs message.sent and
// message.status; Kirim's response to a send has no wamid. An event for which the database
// fails is refused, and the sender delivers it again.
//
// A message that fails after it was accepted because the 24-hour window is closed
// is sent again as its [Message.Template]. One that fails because of a rate limit,
// before WhatsApp had it, is sent again after a while, under a key of its own, five times
// at most.
func (o *Outbox[TTx]) Attach(h *kirim.WebhookHandler) { h.Observe(o.hear) }

// fact is what a webhook, or a look at the server, tells of a message.
type fact struct {
	message   string // one of the ids of the message
	other     string // the other one, or empty
	status    kirim.MessageStatus
	at        time.Time
	failure   *Failure
	recipient string // hash, by which to erase what is kept of it
}

func (e *engine) hear(ctx context.Context, event *kirim.Event) error {
	for _, data := range event.Data {
		var err error
		switch data := data.(type) {
		case *kirim.StatusUpdate:
			err = e.hearStatus(ctx, data)
		case *kirim.OutboundNotice:
			if data.ID != "" && data.WAMID != "" {
				err = e.learn(ctx, &fact{message: data.ID, other: data.WAMID, recipient: recipientHash(data.To)})
			}
		case *kirim.UserPreference:
			err = e.hearPreference(ctx, data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *engine) hearStatus(ctx context.Context, s *kirim.StatusUpdate) error {
	if s.GroupID != "" && s.Status == kirim.MessageFailed {
		return nil // with one participant: the message did not fail
	}
	f := &fact{message: s.ID, status: s.Status, at: s.Time, failure: failureOf(s.Err()), recipient: recipientHash(s.Recipient)}
	if id := s.GetEnrichment().MessageID; isKirimID(id) && id != s.ID {
		f.message, f.other = id, s.ID
	}
	if f.failure != nil && f.failure.MetaCode == codeStoppedMarketing {
		if err := e.suppressAll(ctx, s.PhoneNumberID, s.Recipient, s.Time); err != nil {
			return err
		}
	}
	return e.learn(ctx, f)
}

func isKirimID(id string) bool { return strings.HasPrefix(id, "msg_") }

// maxID is how long an id or a word may be that a server or a webhook tells: they
// are in indexes. Those of WhatsApp have about 60 characters.
const maxID = 256

// storable returns a word that is told from outside, or nothing where the tables
// cannot have it.
func storable[T ~string](word T) T {
	for _, c := range []byte(word) {
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	if len(word) > maxID {
		return ""
	}
	return word
}

func recipientHash(p kirim.Person) string {
	if id := cmp.Or(p.Phone, p.UserID); id != "" {
		return hashOf(normalised(id))
	}
	return ""
}

// learn applies a fact, or keeps it for when its message is known.
func (e *engine) learn(ctx context.Context, f *fact) error {
	f.message, f.other, f.status = storable(f.message), storable(f.other), storable(f.status)
	if f.message == "" {
		f.message, f.other = f.other, ""
	}
	if f.message == "" || f.other == "" && f.status == "" {
		return nil
	}
	applied, err := e.apply(ctx, f)
	if err != nil || applied {
		return err
	}
	var id int64
	err = e.run(ctx, &driver.Statement{
		SQL:  e.sql.addPending,
		Args: []any{f.message, textOrNil(f.other), textOrNil(string(f.status)), microsOrNil(f.at), f.failure.encode(), textOrNil(f.recipient)},
		Each: func(scan func(...any) error) error { return scan(&id) },
	})
	if err != nil {
		return err
	}
	// The response may have been recorded in the meantime. If that is not committed
	// yet, the sweep will find it.
	if applied, err = e.apply(ctx, f); err != nil || !applied {
		return err
	}
	return e.run(ctx, &driver.Statement{SQL: e.sql.dropPending, Args: []any{toJSON([]idRow{{id}})}})
}

type idRow struct {
	ID int64 `json:"id"`
}

// microsOrNil returns a time that is told from outside as it is stored.
func microsOrNil(t time.Time) *int64 {
	told, err := micros("time", t)
	if err != nil || told == 0 {
		return nil
	}
	return &told
}

// sentMessage is a message as facts are applied to it.
type sentMessage struct {
	Observed
	state     State
	begun     bool // an attempt with the key of now may have reached the server
	canRescue bool
	canRepeat bool
	kirimID   *string
	wamid     *string
	status    *string
	kind      *string // of the last error
	endedAt   *int64
	foundAt   int64
}

// apply applies a fact to its message. It reports whether there is one.
func (e *engine) apply(ctx context.Context, f *fact) (applied bool, err error) {
	for { // until no other process has changed the message in between
		m, err := e.find(ctx, f)
		if err != nil || m == nil {
			return false, err
		}
		done, err := e.advance(ctx, m, f)
		if err != nil || done {
			return true, err
		}
	}
}

func (e *engine) find(ctx context.Context, f *fact) (found *sentMessage, err error) {
	err = e.run(ctx, &driver.Statement{
		SQL: e.sql.findSent, Args: []any{f.message, f.other},
		Each: func(scan func(...any) error) error {
			m := &sentMessage{}
			err := scanObserved(scan, &m.Observed, &m.state, &m.begun, &m.canRescue, &m.canRepeat, &m.kirimID, &m.wamid, &m.status, &m.kind, &m.endedAt, &m.foundAt)
			found = m
			return err
		},
	})
	return found, err
}

// maxGenerations is how often a message is sent under keys of its own because of
// late refusals.
const maxGenerations = 6

// advance changes the message as the fact says. It reports false when the message
// was changed in between.
func (e *engine) advance(ctx context.Context, m *sentMessage, f *fact) (done bool, err error) {
	switch {
	case m.state == StateQueued && !m.begun:
		return e.takeBack(ctx, m, f)
	case m.state != StateSent: // the fact is of a send before
		return true, nil
	}
	before := kirim.MessageStatus(textOf(m.status))
	after := before
	if f.status != "" {
		after = kirim.NextStatus(before, f.status)
	}
	kirimID, wamid := idsOf(f, m)
	failure := lateFailure(m, f, before, after)
	if failure != nil {
		generation, template, wait := resend(m, failure, before)
		if wait >= 0 {
			contradicted, err := e.contradicted(ctx, m, f, template != m.Template)
			if err != nil {
				return false, err
			}
			if !contradicted {
				return e.sendAgain(ctx, m, f, generation, template, wait, failure, kirimID, wamid)
			}
		}
	}
	linked := kirimID != "" || wamid != ""
	if !linked && after == before && failure == nil {
		return true, nil
	}
	isNews := after != before && (after == kirim.MessageFailed || hasArrived(after) && !hasArrived(before))
	tells := isNews && e.config.OnEnd != nil
	s := &driver.Statement{
		SQL: e.sql.setStatus,
		Args: []any{
			m.ID, m.Generation, m.status, textOrNil(kirimID), textOrNil(wamid), textOrNil(string(after)),
			after != before, microsOrNil(f.at), failure.encode(), kindOf(failure), hasArrived(after), !tells, m.Template,
		},
	}
	statements := []*driver.Statement{s}
	if linked { // what was told under the other id
		statements = append(statements, &driver.Statement{SQL: e.sql.duePending, Args: []any{kirimID, wamid}})
	}
	if err := e.run(ctx, statements...); err != nil {
		return false, err
	}
	if tells {
		e.tellSoon()
	}
	if after != before && s.Affected > 0 {
		e.observeStatus(ctx, m, f, after, StateSent, kindOf(failure))
	}
	return s.Affected > 0, nil
}

// lateFailure returns why a message failed after it was accepted, if it did so now,
// or if nothing told why before.
func lateFailure(m *sentMessage, f *fact, before, after kirim.MessageStatus) *Failure {
	if after != kirim.MessageFailed || f.failure == nil {
		return nil
	}
	known := kirim.Kind(textOf(m.kind))
	if before == kirim.MessageFailed && (known != kirim.KindUnknown || f.failure.Kind == kirim.KindUnknown) {
		return nil //nolint:nilerr // it is what a webhook told, and no error of this function
	}
	return f.failure
}

// resend returns in which form a message is sent again that failed late, and after
// what time; a negative one means that it is not.
func resend(m *sentMessage, failure *Failure, before kirim.MessageStatus) (generation int, template bool, wait time.Duration) {
	switch {
	case kirim.IsOutside24hWindow(failure) && m.canRescue && !m.Template:
		return m.Generation, true, 0
	case kirim.IsRateLimited(failure) && kirim.NextStatus(before, kirim.MessagePending) == kirim.MessagePending && m.canRepeat && m.Generation < maxGenerations:
		pace := pairPace{refusals: m.Generation - 1}
		return m.Generation + 1, m.Template, pace.refused()
	}
	return 0, false, -1
}

// contradicted reports whether something else that was told of a message says
// that it is out: statuses come in any order. For what only says that WhatsApp has it,
// that depends on whether the refusal is one of the window.
func (e *engine) contradicted(ctx context.Context, m *sentMessage, f *fact, byWindow bool) (found bool, err error) {
	ids := map[string]bool{f.message: true, f.other: true, textOf(m.kirimID): true, textOf(m.wamid): true}
	delete(ids, "")
	for id := range ids {
		err = e.run(ctx, &driver.Statement{SQL: e.sql.arrivals, Args: []any{id}, Each: func(scan func(...any) error) error {
			var status kirim.MessageStatus
			err := scan(&status)
			found = found || hasArrived(status) || !byWindow
			return err
		}})
		if err != nil {
			return false, err
		}
	}
	return found, nil
}

func hasArrived(status kirim.MessageStatus) bool {
	return status == kirim.MessageDelivered || status == kirim.MessageRead || status == kirim.MessagePlayed
}

// takeBack keeps a message from being sent again of which it turns out in time that
// it is out.
func (e *engine) takeBack(ctx context.Context, m *sentMessage, f *fact) (done bool, err error) {
	byWindow := textOf(m.kind) == string(kirim.KindOutsideWindow)
	arrived := hasArrived(f.status)
	if !arrived && (byWindow || f.status != kirim.MessageSent) {
		return true, nil
	}
	status := f.status
	if !arrived { // it has failed after it was sent
		status = kirim.MessageFailed
	}
	s := &driver.Statement{
		SQL:  e.sql.notAgain,
		Args: []any{m.ID, m.Generation, m.Template && !byWindow, string(status), microsOrNil(f.at), arrived, e.config.OnEnd == nil, m.Template},
	}
	lock := &driver.Statement{SQL: e.sql.lockLanesOf, Args: []any{toJSON([]idRow{{m.ID}})}, Each: scanID(nil)}
	if err := e.run(ctx, lock, s); err != nil {
		return false, err
	}
	e.tellSoon()
	if s.Affected > 0 {
		e.observeStatus(ctx, m, f, status, StateSent, nil)
		e.observeEnd(ctx, m.ID)
	}
	return s.Affected > 0, nil
}

func kindOf(f *Failure) *string {
	if f == nil {
		return nil
	}
	return textOrNil(string(f.Kind))
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// idsOf returns the ids of a message that a fact tells and that are not known.
func idsOf(f *fact, m *sentMessage) (kirimID, wamid string) {
	for _, id := range []string{f.message, f.other} {
		switch {
		case id == "":
		case isKirimID(id) && m.kirimID == nil:
			kirimID = id
		case !isKirimID(id) && m.wamid == nil:
			wamid = id
		}
	}
	return kirimID, wamid
}

// sendAgain queues a message anew that certainly did not arrive.
func (e *engine) sendAgain(ctx context.Context, m *sentMessage, fact *fact, generation int, template bool, wait time.Duration, f *Failure, kirimID, wamid string) (bool, error) {
	again := &driver.Statement{
		SQL: e.sql.again,
		Args: []any{
			m.ID, m.Generation, generation, template, f.encode(), kindOf(f), string(m.state), wait.Microseconds(),
			textOrNil(kirimID), textOrNil(wamid), m.Template,
		},
	}
	err := e.run(ctx, &driver.Statement{SQL: e.sql.wakeLane, Args: []any{m.ID, wait.Microseconds(), false}}, again)
	if err == nil && again.Affected > 0 {
		e.observeStatus(ctx, m, fact, kirim.MessageFailed, StateQueued, kindOf(f))
	}
	return again.Affected > 0, err
}

const (
	pendingPage  = 1000
	pendingPages = 5 // in one sweep
)

// joinPending applies the facts that waited for their messages.
func (e *engine) joinPending(ctx context.Context) error {
	for range pendingPages {
		checked, err := e.joinSome(ctx)
		if err != nil || checked < pendingPage {
			return err
		}
	}
	return nil
}

func (e *engine) joinSome(ctx context.Context) (checked int64, err error) {
	known := make(map[int64]*fact)
	s := &driver.Statement{SQL: e.sql.checkPending, Args: []any{pendingPage}, Each: func(scan func(...any) error) error {
		var id int64
		var other, status, failure *string
		var at *int64
		var isKnown bool
		f := &fact{}
		err := scan(&id, &f.message, &other, &status, &at, &failure, &isKnown)
		f.other, f.status, f.at, f.failure = textOf(other), kirim.MessageStatus(textOf(status)), timeOrZero(at), decodeFailure(failure)
		if isKnown {
			known[id] = f
		}
		return err
	}}
	if err := e.run(ctx, s); err != nil || len(known) == 0 {
		return s.Affected, err
	}
	var done []idRow
	var failed error // one that cannot be applied does not hold up the others
	for _, id := range slices.Sorted(maps.Keys(known)) {
		applied, err := e.apply(ctx, known[id])
		failed = errors.Join(failed, err)
		if applied && err == nil {
			done = append(done, idRow{id})
		}
	}
	if len(done) == 0 {
		return s.Affected, failed
	}
	return s.Affected, errors.Join(failed, e.run(ctx, &driver.Statement{SQL: e.sql.dropPending, Args: []any{toJSON(done)}}))
}

// lookUp asks the server about a message for which no webhook came.
func (e *engine) lookUp(ctx context.Context) error {
	if e.getter == nil || e.config.LookUpAfter < 0 || e.draining() || time.Now().Before(e.lookUpFrom) {
		return nil
	}
	var number, kirimID string
	due := &driver.Statement{SQL: e.sql.lookUp, Args: []any{e.config.LookUpAfter.Microseconds()}, Each: func(scan func(...any) error) error {
		return scan(&number, &kirimID)
	}}
	if err := e.run(ctx, due); err != nil || due.Affected == 0 || e.isPaused(number, "") {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, e.config.AttemptTimeout)
	defer cancel()
	m, err := e.getter.Get(asking, number, kirimID)
	if err != nil || m == nil { // it is asked again later
		if _, wait := kirim.Disposition(err); wait > 0 {
			e.lookUpFrom = time.Now().Add(wait)
		}
		return nil
	}
	f := &fact{message: kirimID, other: m.WAMID, status: m.Status, at: m.UpdatedAt}
	if m.Status == kirim.MessageFailed && m.Error != nil {
		f.failure = failureOf(m.Error)
	} else if m.Status == kirim.MessageFailed {
		f.failure = failureOf(&kirim.MessageError{Kind: kirim.KindUnknown})
	}
	if f.status == kirim.MessagePending {
		f.status = ""
	}
	return e.learn(ctx, f)
}
