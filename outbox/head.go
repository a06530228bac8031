package outbox

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/kirim-go/kirim"
)

// head is a message whose turn it is.
type head struct {
	id             int64
	body           *string
	rescue         *string
	key            *string
	generation     int64
	useTemplate    bool
	attempts       int
	firstAttemptAt *int64
	inDoubt        bool // an earlier attempt with the key of now may have reached the server
	notBefore      *int64
	expiresAt      *int64
	createdAt      int64
	traceparent    *string
}

// scanHead reads the columns of headColumns.
func scanHead(scan func(...any) error) (*head, error) {
	h := &head{}
	err := scan(&h.id, &h.body, &h.rescue, &h.key, &h.generation, &h.useTemplate, &h.attempts, &h.firstAttemptAt, &h.inDoubt, &h.notBefore, &h.expiresAt, &h.createdAt, &h.traceparent)
	return h, err
}

// message returns what is to be sent, and its idempotency key.
func (h *head) message() (m kirim.OutboundMessage, key string, err error) {
	body := h.body
	if h.useTemplate {
		body = h.rescue
	}
	if body == nil || h.key == nil {
		return m, "", fmt.Errorf("outbox: the content of message id %d was dropped", h.id)
	}
	if err := json.Unmarshal([]byte(*body), &m); err != nil {
		return m, "", fmt.Errorf("outbox: the content of message id %d: %w", h.id, err)
	}
	return m, sendKey(*h.key, h.generation, h.useTemplate), nil
}

// sendKey is the idempotency key of a request: that of the message for the first
// request, and one derived from it for what is sent in its place. It must stay the
// same over versions.
func sendKey(key string, generation int64, template bool) string {
	if generation > 1 {
		key += ":again-" + strconv.FormatInt(generation-1, 10)
	}
	if template {
		key += ":template"
	}
	return key
}

// due is when the message was to be sent first.
func (h *head) due() int64 {
	if h.notBefore != nil {
		return max(h.createdAt, *h.notBefore)
	}
	return h.createdAt
}

// result is what the table is told of a message.
type result struct {
	ID          int64   `json:"id"`
	Generation  int64   `json:"generation"`
	State       State   `json:"state"`
	Attempts    int     `json:"attempts"`
	InDoubt     bool    `json:"in_doubt"`
	AsTemplate  bool    `json:"as_template"` // it was the template that was sent
	UseTemplate bool    `json:"use_template"`
	NotSent     bool    `json:"not_sent"`
	Error       *string `json:"error"`
	ErrorKind   *string `json:"error_kind"`
	KirimID     *string `json:"kirim_id"`
	WAMID       *string `json:"wamid"`
	LookIn      *int64  `json:"look_in"`
	Forget      bool    `json:"forget"`
	Told        bool    `json:"told"`
}

// notAttempted puts a message that was taken back as it was.
func (h *head) notAttempted() result {
	return result{ID: h.id, Generation: h.generation, State: StateQueued, InDoubt: h.inDoubt, AsTemplate: h.useTemplate, UseTemplate: h.useTemplate, NotSent: !h.inDoubt, Told: true}
}

// result describes what became of a message by an attempt.
func (h *head) result(v verdict, accepted *kirim.AcceptedMessage) result {
	r := h.notAttempted()
	r.State, r.InDoubt, r.NotSent = v.state, v.doubt, v.notSent
	r.UseTemplate = h.useTemplate || v.useTemplate
	if v.counts {
		r.Attempts = 1
	}
	if f := failureOf(v.err); f != nil {
		r.Error = f.encode()
		r.ErrorKind = textOrNil(string(f.Kind))
	}
	if accepted != nil && v.state == StateSent {
		r.KirimID, r.WAMID = textOrNil(storable(accepted.ID)), textOrNil(storable(accepted.WAMID))
	}
	return r
}

func textOrNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// elapsed returns how long ago a stored time was.
func elapsed(now, since int64) time.Duration { return time.Duration(now-since) * time.Microsecond }
