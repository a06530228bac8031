package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// Suppress keeps messages of [ClassMarketing] from one number to a recipient from
// being sent: they become [StateSuppressed]. Recipient is a phone number in any
// spelling, or a user id. With [Outbox.Attach] it happens by itself when the
// recipient stops marketing, and ends when they resume it. The reason is for people, at most 200 bytes. Only a
// hash of the two is stored.
func (o *Outbox[TTx]) Suppress(ctx context.Context, number, recipient, reason string) error {
	if err := o.checkPerson(ctx, number, recipient); err != nil {
		return err
	}
	if err := checkReason(reason, 200); err != nil {
		return err
	}
	return o.run(ctx, o.suppression(personOf(number, normalised(recipient)), reason, byApplication, time.Time{}))
}

// Unsuppress ends what Suppress began. It reports whether there was anything to end.
func (o *Outbox[TTx]) Unsuppress(ctx context.Context, number, recipient string) (bool, error) {
	if err := o.checkPerson(ctx, number, recipient); err != nil {
		return false, err
	}
	s := &driver.Statement{SQL: o.sql.unsuppress, Args: []any{personOf(number, normalised(recipient))}}
	err := o.run(ctx, s)
	return s.Affected > 0, err
}

// IsSuppressed reports whether a recipient gets no marketing from a number.
func (o *Outbox[TTx]) IsSuppressed(ctx context.Context, number, recipient string) (bool, error) {
	if err := o.checkPerson(ctx, number, recipient); err != nil {
		return false, err
	}
	s := &driver.Statement{SQL: o.sql.suppressed, Args: []any{personOf(number, normalised(recipient))}, Each: func(scan func(...any) error) error { return scan(new(int64)) }}
	err := o.run(ctx, s)
	return s.Affected > 0, err
}

func (o *Outbox[TTx]) checkPerson(ctx context.Context, number, recipient string) error {
	if err := o.check(ctx); err != nil {
		return err
	}
	if err := checkText("number", number, 1, maxFrom); err != nil {
		return err
	}
	return checkText("recipient", recipient, 1, 200)
}

// Sources of a suppression. What the application says is not ended by a webhook.
const (
	byApplication = "application"
	byRecipient   = "recipient"
)

func (e *engine) suppression(person, reason, source string, at time.Time) *driver.Statement {
	return &driver.Statement{SQL: e.sql.suppress, Args: []any{person, reason, source, microsOrNil(at)}}
}

// suppress notes that the server has refused marketing to a person.
func (e *engine) suppress(ctx context.Context, person, reason string) {
	if err := e.persist(ctx, e.suppression(person, reason, byRecipient, time.Time{})); err != nil {
		e.config.Logger.LogAttrs(ctx, slog.LevelError, "kirim outbox: a marketing stop could not be stored", slog.Any("error", err))
	}
}

func (e *engine) hearPreference(ctx context.Context, p *kirim.UserPreference) error {
	switch {
	case p.Category != "marketing_messages":
	case p.StopsMarketing():
		return e.suppressAll(ctx, p.PhoneNumberID, p.User, p.Time)
	case p.Value == "resume":
		return e.forPerson(ctx, p.PhoneNumberID, p.User, func(person string) *driver.Statement {
			return &driver.Statement{SQL: e.sql.resumed, Args: []any{person, microsOrNil(p.Time)}}
		})
	}
	return nil
}

func (e *engine) suppressAll(ctx context.Context, number string, user kirim.Person, at time.Time) error {
	return e.forPerson(ctx, number, user, func(person string) *driver.Statement {
		return e.suppression(person, "the recipient has stopped marketing", byRecipient, at)
	})
}

// forPerson runs a statement for the hash of each id that a person is known by.
func (e *engine) forPerson(ctx context.Context, number string, p kirim.Person, statement func(person string) *driver.Statement) error {
	var statements []*driver.Statement
	for _, id := range []string{p.Phone, p.WAID, p.UserID} {
		if id != "" && number != "" {
			statements = append(statements, statement(personOf(number, normalised(id))))
		}
	}
	if len(statements) == 0 {
		return nil
	}
	return e.run(ctx, statements...)
}
