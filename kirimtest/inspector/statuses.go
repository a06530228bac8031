package inspector

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
)

// blockedCode is the code of a failure because the recipient blocked the business.
//
// Docs: https://developers.kirim.chat/guides/failed-sends/
const blockedCode = 1013

// statusPlan decides what becomes of messages, once a person has set something. Until
// then the plan that the sandbox was started with stays.
type statusPlan struct {
	apply func(kirimtest.StatusPlan)

	mu      sync.Mutex
	kind    string // delivered, read, unreported or failed
	code    int    // of failed
	next    []int  // codes with which the next messages fail
	blocked map[string]bool
}

type statusesView struct {
	Kind string `json:"kind"` // empty for what the sandbox was started with
	Code int    `json:"code,omitempty"`
	Next []int  `json:"next,omitempty"`
}

func (p *statusPlan) view() statusesView {
	p.mu.Lock()
	defer p.mu.Unlock()
	return statusesView{p.kind, p.code, slices.Clone(p.next)}
}

// use takes the plan over. mu is not held.
func (p *statusPlan) use(change func()) {
	p.mu.Lock()
	change()
	p.mu.Unlock()
	p.apply(p.statuses)
}

func (p *statusPlan) clear() {
	p.mu.Lock()
	used := p.kind != "" || len(p.next) > 0 || len(p.blocked) > 0
	p.kind, p.code, p.next, p.blocked = "", 0, nil, nil
	p.mu.Unlock()
	if used {
		p.apply(kirimtest.Delivered())
	}
}

func (p *statusPlan) block(phone string, blocked bool) {
	p.use(func() {
		if p.blocked == nil {
			p.blocked = make(map[string]bool)
		}
		p.blocked[onlyDigits(phone)] = blocked
	})
}

func (p *statusPlan) isBlocked(phone string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blocked[onlyDigits(phone)]
}

func onlyDigits(phone string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
}

// statuses is the plan of a message.
func (p *statusPlan) statuses(m kirimtest.Message) []kirimtest.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case m.To != "" && p.blocked[onlyDigits(m.To)]:
		return kirimtest.Failed(blockedCode)(m)
	case len(p.next) > 0:
		code := p.next[0]
		p.next = p.next[1:]
		return []kirimtest.Status{
			{Name: "sent", After: 100 * time.Millisecond},
			{Name: "failed", After: time.Second, Code: code},
		}
	}
	switch p.kind {
	case "read":
		return kirimtest.Read()(m)
	case "unreported":
		return nil
	case "failed":
		return kirimtest.Failed(p.code)(m)
	}
	return kirimtest.Delivered()(m)
}

// statusesJSON says what becomes of messages from now on.
type statusesJSON struct {
	Kind string `json:"kind"` // delivered, read, unreported or failed
	Code int    `json:"code"` // of failed
	Next []int  `json:"next"` // the next messages fail late with these codes
}

func (j statusesJSON) check() error {
	switch {
	case j.Kind == "" && len(j.Next) == 0:
		return invalid("kind", "want delivered, read, unreported or failed, or codes in next")
	case j.Kind != "" && !slices.Contains([]string{"delivered", "read", "unreported", "failed"}, j.Kind):
		return invalid("kind", "want delivered, read, unreported or failed, got %d characters", len(j.Kind))
	case j.Kind == "failed" && j.Code <= 0:
		return invalid("code", "want Meta's error code of the failure, such as 131026")
	case slices.ContainsFunc(j.Next, func(code int) bool { return code <= 0 }):
		return invalid("next", "want Meta's error codes, such as 131026")
	}
	return nil
}

func (p *statusPlan) set(j statusesJSON) {
	p.use(func() {
		if j.Kind != "" {
			p.kind, p.code = j.Kind, j.Code
		}
		p.next = append(p.next, j.Next...)
	})
}

func (in *Inspector) setStatuses(r *http.Request) (any, error) {
	var body statusesJSON
	if err := read(r, &body); err != nil {
		return nil, err
	}
	if err := body.check(); err != nil {
		return nil, err
	}
	in.plan.set(body)
	return in.plan.view(), nil
}
