package kirim

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"
)

// The waits of Wait between two requests.
const (
	firstStatusPoll = time.Second
	lastStatusPoll  = 30 * time.Second
)

// WaitOption configures [MessagesService.Wait] and
// [MessagesService.SendAndWait]: [WithWaitStatus], and the options of each request.
type WaitOption = RequestOption

// WithWaitStatus sets the state that a wait ends at: [MessageSent], [MessageDelivered],
// which is the default, [MessageRead] or [MessagePlayed], or any state beyond it.
// It has no effect on other calls.
func WithWaitStatus(status MessageStatus) WaitOption {
	return func(s *requestSettings) error {
		switch status {
		case MessageSent, MessageDelivered, MessageRead, MessagePlayed:
			s.waitRank = statusRank[status]
			return nil
		default:
			return refuse("WithWaitStatus", "sent, delivered, read or played", quantity(len(status), "character"))
		}
	}
}

// WaitError ends a wait for a message before there was a verdict. [MaybeSent] is
// true when it is of [MessagesService.SendAndWait]: the message was accepted.
type WaitError struct {
	ID string // of the message
	// Status is the last state that is known; empty when there is none.
	Status MessageStatus
	// Err is why the wait ended: the error of the context, or of the last
	// request for the message.
	Err error

	sent bool // by the same call
}

// Error returns one line with the status.
func (e *WaitError) Error() string {
	if e == nil {
		return noError
	}
	text := "kirim: waiting for a message: "
	if e.Status != "" {
		text += "it is " + printable(string(e.Status)) + ": "
	}
	if e.Err == nil {
		return text + "ended without a verdict"
	}
	return text + strings.TrimPrefix(e.Err.Error(), "kirim: ")
}

// Unwrap returns Err.
func (e *WaitError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

func (e *WaitError) maybeSent() bool                      { return e.sent }
func (e *WaitError) disposition() (Action, time.Duration) { return ActionDecide, 0 }

// Wait waits for what becomes of a message that was accepted, by Kirim's id of
// it, msg_…, and returns it when it was delivered, or has come as far as
// [WithWaitStatus] says. The server responds to a send before WhatsApp has the message: until then
// it may still fail. When it does, Wait returns the message and its
// [*MessageError], on which [IsOutside24hWindow] and the other questions work.
// Give ctx a deadline: a phone may be off for days. When ctx ends first, the
// error is a [*WaitError] that matches the error of ctx.
//
// Wait asks at once, and then after 1, 2, 4 … 30 seconds; with a [StatusFeed] it
// hears of changes from the webhooks, and asks every 30 seconds in case that
// they reach another process with which it shares no store. Each request goes through the client's [Limiter].
// Failures that pass are waited out, at least for as long as the server asks;
// any other error ends the wait.
//
// Docs: https://developers.kirim.chat/guides/failed-sends/
func (s *MessagesService) Wait(ctx context.Context, id string, opts ...WaitOption) (*Message, error) {
	if err := s.client.check(ctx); err != nil {
		return nil, err
	}
	settings, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	w := &messageWait{id: id, want: cmp.Or(settings.waitRank, statusRank[MessageDelivered]), feed: s.settings.feed}
	pause := firstStatusPoll
	if w.feed != nil {
		w.changed = w.feed.subscribe(id)
		defer w.feed.unsubscribe(id, w.changed)
		pause = lastStatusPoll
	}
	for ; ; pause = min(2*pause, lastStatusPoll) {
		m, err := s.Get(ctx, id, opts...)
		asked := time.Duration(0)
		var answer *Error
		switch {
		case err == nil:
			w.last = m
		case ctx.Err() != nil:
			return w.last, w.ended(contextError(ctx))
		case !IsTemporary(err):
			return w.last, err
		case errors.As(err, &answer):
			asked = answer.RetryAfter
		}
		if done, err := w.listen(ctx, max(pause, asked)); done {
			return w.last, err
		}
	}
}

// statusSource is a [StatusFeed], as a wait knows it.
type statusSource interface {
	// subscribe returns a channel that has news after each change of a message.
	subscribe(id string) chan struct{}
	unsubscribe(id string, changed chan struct{})
	// progress returns how far a message has come, whose two ids, if both are
	// known, it joins.
	progress(ctx context.Context, id, wamid string) (known MessageProgress, ok bool)
	// nextLook returns how long after the last look, which came after pause, to ask
	// for progress without news, as another process may have heard of it; 0 for never.
	nextLook(pause time.Duration) time.Duration
}

// messageWait is one wait for one message.
type messageWait struct {
	id      string
	want    int      // the rank of the status that is waited for
	last    *Message // as the server gave it, and as the feed changed it since
	feed    statusSource
	changed chan struct{} // of the feed; nil without one
	pause   time.Duration // before the last look
}

func (w *messageWait) status() MessageStatus {
	if w.last == nil {
		return ""
	}
	return w.last.Status
}

func (w *messageWait) ended(err error) error {
	return &WaitError{ID: w.id, Status: w.status(), Err: err}
}

// listen waits for news until it is time to ask again.
func (w *messageWait) listen(ctx context.Context, pause time.Duration) (done bool, err error) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		if done, err := w.verdict(ctx); done {
			return true, err
		}
		select {
		case <-w.changed:
		case <-w.look():
		case <-timer.C:
			return false, nil
		case <-ctx.Done():
			return true, w.ended(contextError(ctx))
		}
	}
}

// look returns a channel that has something when it is time to ask the feed again.
func (w *messageWait) look() <-chan time.Time {
	if w.feed == nil {
		return nil
	}
	if w.pause = w.feed.nextLook(w.pause); w.pause == 0 {
		return nil
	}
	return time.After(w.pause)
}

// verdict reports whether the message has come as far as it is waited for, or
// will not.
func (w *messageWait) verdict(ctx context.Context) (done bool, err error) {
	if w.feed != nil {
		w.hear(ctx)
	}
	switch status := w.status(); {
	case status == MessageFailed && w.last.Error == nil:
		return true, &MessageError{Kind: KindUnknown}
	case status == MessageFailed:
		return true, w.last.Error
	default:
		return statusRank[status] >= w.want, nil
	}
}

// hear brings the message up to date with what the feed knows.
func (w *messageWait) hear(ctx context.Context) {
	wamid := ""
	if w.last != nil {
		wamid = w.last.WAMID
	}
	known, ok := w.feed.progress(ctx, w.id, wamid)
	if !ok || known.Status == "" {
		return
	}
	if w.last == nil { // it could not be asked for yet
		w.last = &Message{ID: w.id}
	}
	w.last.WAMID = cmp.Or(w.last.WAMID, known.WAMID)
	if next := NextStatus(w.last.Status, known.Status); next != w.last.Status {
		w.last.Status, w.last.UpdatedAt, w.last.Error = next, known.Time, nil
		_ = errors.As(known.Err, &w.last.Error)
	}
}

// SendAndWait sends a message and waits for it as [MessagesService.Wait] does.
// With a template it sends that when the message is refused because the 24-hour
// window is closed, as [MessagesService.SendOrTemplate] does, and once also when
// the refusal comes after the message was accepted; [Message.UsedTemplate] says
// so. The key of the template is derived from that of the message, so that a
// call that is repeated under one key sends each of them once at most.
//
// The options are those of the send, and [WithWaitStatus]. An error of the send leaves
// no message. After the send, what ends the wait without a verdict is a
// [*WaitError].
//
// Docs: https://developers.kirim.chat/guides/failed-sends/
func (s *MessagesService) SendAndWait(ctx context.Context, message OutboundMessage, template *Template, opts ...RequestOption) (*Message, error) {
	if err := s.client.check(ctx); err != nil {
		return nil, err
	}
	settings, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	var accepted *AcceptedMessage
	var key string
	if template == nil {
		accepted, err = s.Send(ctx, message, opts...)
	} else {
		if key, opts, err = s.callKey(settings, opts); err != nil {
			return nil, err
		}
		accepted, err = s.SendOrTemplate(ctx, message, *template, opts...)
	}
	if err != nil {
		return nil, err
	}
	sent, err := s.waitForSent(ctx, accepted.ID, opts)
	var late *MessageError
	if template != nil && !accepted.UsedTemplate && errors.As(err, &late) && IsOutside24hWindow(late) {
		accepted, err = s.sendRescue(ctx, inPlaceOf(message, *template), key, opts)
		if err != nil {
			return sent, err
		}
		sent, err = s.waitForSent(ctx, accepted.ID, opts)
	}
	if sent != nil {
		sent.UsedTemplate = accepted.UsedTemplate
	}
	return sent, err
}

// waitForSent is Wait for a message that the same call has sent: whatever else
// than a verdict ends it leaves the message under way.
func (s *MessagesService) waitForSent(ctx context.Context, id string, opts []RequestOption) (*Message, error) {
	if id == "" { // the send got a 204
		return nil, &WaitError{Err: errors.New("the answer to the send had no id"), sent: true}
	}
	m, err := s.Wait(ctx, id, opts...)
	var late *MessageError
	if err == nil || errors.As(err, &late) {
		return m, err
	}
	ended := &WaitError{ID: id, Err: err}
	if m != nil {
		ended.Status = m.Status
	}
	_ = errors.As(err, &ended)
	ended.sent = true
	return m, ended
}
