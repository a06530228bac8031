package outbox

import (
	"context"
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
func (o *Outbox[TTx]) Attach(h *kirim.WebhookHandler) { h.Observe(o.engine.hear) }

// fact is what a webhook, or a look at the server, tells of a message.
type fact struct {
	message string // one of the ids of the message
	other   string // the other one, or empty
	status  kirim.MessageStatus
	at      time.Time
	failure *Failure
}

func (e *engine) hear(ctx context.Context, event *kirim.Event) error {
	for _, data := range event.Data {
		var err error
		switch data := data.(type) {
		case *kirim.StatusUpdate:
			err = e.hearStatus(ctx, data)
		case *kirim.OutboundNotice:
			if data.ID != "" && data.WAMID != "" {
				err = e.learn(ctx, &fact{message: data.ID, other: data.WAMID})
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
	if s.ID == "" {
		return nil
	}
	if s.GroupID != "" && s.Status == kirim.MessageFailed {
		return nil // with one participant: the message did not fail
	}
	f := &fact{message: s.ID, status: s.Status, at: s.Time, failure: failureOf(s.Err())}
	if id := s.GetEnrichment().MessageID; isKirimID(id) && id != s.ID {
		f.message, f.other = id, s.ID
	}
	if f.failure != nil && f.failure.MetaCode == codeStoppedMarketing {
		if err := e.suppressAll(ctx, s.PhoneNumberID, s.Recipient); err != nil {
			return err
		}
	}
	return e.learn(ctx, f)
}

func isKirimID(id string) bool { return strings.HasPrefix(id, "msg_") }

func (e *engine) hearPreference(ctx context.Context, p *kirim.UserPreference) error {
	if p.Category != "marketing_messages" || p.PhoneNumberID == "" {
		return nil
	}
	if p.StopsMarketing() {
		return e.suppressAll(ctx, p.PhoneNumberID, p.User)
	}
	if p.Value != "resume" {
		return nil
	}
	var statements []*driver.Statement
	for _, person := range personsOf(p.PhoneNumberID, p.User) {
		statements = append(statements, &driver.Statement{SQL: e.sql.unsuppress, Args: []any{person}})
	}
	return e.run(ctx, statements...)
}

func (e *engine) suppressAll(ctx context.Context, number string, user kirim.Person) error {
	var statements []*driver.Statement
	for _, person := range personsOf(number, user) {
		statements = append(statements, e.suppression(person, "the recipient has stopped marketing"))
	}
	return e.run(ctx, statements...)
}

// personsOf returns the hashes of all that a person is known by.
func personsOf(number string, p kirim.Person) (persons []string) {
	for _, id := range []string{p.Phone, p.WAID, p.UserID} {
		if id != "" {
			persons = append(persons, personOf(number, normalised(id)))
		}
	}
	return persons
}

// learn applies a fact, or keeps it for when its message is known.
func (e *engine) learn(ctx context.Context, f *fact) error {
	applied, err := e.apply(ctx, f)
	if err != nil || applied {
		return err
	}
	var id int64
	err = e.run(ctx, &driver.Statement{
		SQL:  e.sql.addPending,
		Args: []any{f.message, textOrNil(f.other), textOrNil(string(f.status)), microsOrNil(f.at), f.failure.encode()},
		Each: func(scan func(...any) error) error { return scan(&id) },
	})
	if err != nil {
		return err
	}
	// The response may have been recorded in the meantime.
	if applied, err = e.apply(ctx, f); err != nil || !applied {
		return err
	}
	return e.run(ctx, &driver.Statement{SQL: e.sql.dropPending, Args: []any{toJSON([]idRow{{id}})}})
}

type idRow struct {
	ID int64 `json:"id"`
}

func microsOrNil(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	micros := t.UnixMicro()
	return &micros
}

// sentMessage is a message as facts are applied to it.
type sentMessage struct {
	id, lane    int64
	state       State
	class       Class
	generation  int64
	useTemplate bool
	canRescue   bool
	canRepeat   bool
	kirimID     *string
	wamid       *string
	status      *string
	refusals    int64
}

// apply applies a fact to its message. It reports whether there is one.
func (e *engine) apply(ctx context.Context, f *fact) (applied bool, err error) {
	for { // until no other process has changed the message in between
		m, err := e.find(ctx, f)
		if err != nil || m == nil {
			return false, err
		}
		changed, err := e.advance(ctx, m, f)
		if err != nil || changed {
			return true, err
		}
	}
}

func (e *engine) find(ctx context.Context, f *fact) (found *sentMessage, err error) {
	err = e.run(ctx, &driver.Statement{
		SQL: e.sql.findSent, Args: []any{f.message, f.other},
		Each: func(scan func(...any) error) error {
			m := &sentMessage{}
			err := scan(&m.id, &m.lane, &m.state, &m.class, &m.generation, &m.useTemplate, &m.canRescue, &m.canRepeat, &m.kirimID, &m.wamid, &m.status)
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
func (e *engine) advance(ctx context.Context, m *sentMessage, f *fact) (changed bool, err error) {
	before := kirim.MessageStatus(textOf(m.status))
	after := before
	if f.status != "" {
		after = kirim.NextStatus(before, f.status)
	}
	kirimID, wamid := idsOf(f, m)
	failedLate := after == kirim.MessageFailed && before != kirim.MessageFailed && m.state == StateSent
	if failedLate {
		switch {
		case kirim.IsOutside24hWindow(f.failure) && m.canRescue && !m.useTemplate:
			return e.sendAgain(ctx, m, m.generation, true, 0, f.failure)
		case kirim.IsRateLimited(f.failure) && before == "" && m.canRepeat && m.generation < maxGenerations:
			pace := pairPace{refusals: int(m.generation) - 1}
			return e.sendAgain(ctx, m, m.generation+1, m.useTemplate, pace.refused(), f.failure)
		}
	}
	told := e.config.OnEnd == nil || after == before || after != kirim.MessageDelivered && after != kirim.MessageFailed && (after != kirim.MessageRead || before == kirim.MessageDelivered)
	s := &driver.Statement{
		SQL: e.sql.setStatus,
		Args: []any{
			m.id, m.generation, m.status, textOrNil(kirimID), textOrNil(wamid), textOrNil(string(after)),
			after != before, microsOrNil(f.at), errorIf(failedLate, f.failure).encode(), kindOf(errorIf(failedLate, f.failure)), told,
		},
	}
	if err := e.run(ctx, s); err != nil {
		return false, err
	}
	if !told {
		e.tellSoon()
	}
	return s.Affected > 0, nil
}

func errorIf(failed bool, f *Failure) *Failure {
	if !failed {
		return nil
	}
	return f
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
func (e *engine) sendAgain(ctx context.Context, m *sentMessage, generation int64, template bool, wait time.Duration, f *Failure) (bool, error) {
	again := &driver.Statement{SQL: e.sql.again, Args: []any{m.id, m.generation, generation, template, f.encode(), kindOf(f), string(m.state), wait.Microseconds()}}
	err := e.run(ctx, &driver.Statement{SQL: e.sql.wakeLane, Args: []any{m.id, wait.Microseconds()}}, again)
	return again.Affected > 0, err
}

// joinPending applies the facts that waited for their messages.
func (e *engine) joinPending(ctx context.Context) error {
	facts := make(map[int64]*fact)
	var order []int64
	err := e.run(ctx, &driver.Statement{SQL: e.sql.joinable, Args: []any{sweepLimit}, Each: func(scan func(...any) error) error {
		var id int64
		var other, status, failure *string
		var at *int64
		f := &fact{}
		err := scan(&id, &f.message, &other, &status, &at, &failure)
		f.other, f.status, f.at, f.failure = textOf(other), kirim.MessageStatus(textOf(status)), timeOrZero(at), decodeFailure(failure)
		if facts[id] == nil {
			facts[id] = f
			order = append(order, id)
		}
		return err
	}})
	if err != nil || len(order) == 0 {
		return err
	}
	var done []idRow
	for _, id := range order {
		applied, err := e.apply(ctx, facts[id])
		if err != nil {
			return err
		}
		if applied {
			done = append(done, idRow{id})
		}
	}
	return e.run(ctx, &driver.Statement{SQL: e.sql.dropPending, Args: []any{toJSON(done)}})
}

// lookUp asks the server about a message for which no webhook came.
func (e *engine) lookUp(ctx context.Context) error {
	if e.getter == nil || e.config.LookUpAfter < 0 || e.draining() {
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
	if err != nil || m == nil {
		return nil //nolint:nilerr // it is asked again later
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
