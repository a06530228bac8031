package inspector

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
)

// scenario is what a sandbox begins with. Its durations are written as "90s" or
// "1h30m", or as numbers of seconds.
type scenario struct {
	Plan          *limitsJSON        `json:"plan"`
	Statuses      *statusesJSON      `json:"statuses"`
	Review        *reviewJSON        `json:"review"`
	Templates     []templateJSON     `json:"templates"`
	Flows         []flowJSON         `json:"flows"`
	Contacts      []contactJSON      `json:"contacts"`
	Conversations []conversationJSON `json:"conversations"`
	Subscriptions []subscriptionJSON `json:"subscriptions"`
	Faults        []faultJSON        `json:"faults"`
}

type contactJSON struct {
	Phone     string    `json:"phone"`
	Name      string    `json:"name"`
	WindowAge *duration `json:"window_age"` // of the last message; without it there was none
	Blocked   bool      `json:"blocked"`
}

type conversationJSON struct {
	Customer string     `json:"customer"`
	Name     string     `json:"name"`
	Messages []lineJSON `json:"messages"`
}

// lineJSON is one message of a conversation.
type lineJSON struct {
	From    string          `json:"from"` // customer or business
	Text    string          `json:"text"`
	Age     duration        `json:"age"`     // of a customer's message
	Inbound *inboundJSON    `json:"inbound"` // a customer's message that is no text
	Message json.RawMessage `json:"message"` // the body of a send without to
}

type subscriptionJSON struct {
	URL    string   `json:"url"`
	Events []string `json:"events"`
}

// Seed sets a sandbox up as a scenario says, which is JSON as POST scenario takes it.
// It checks everything that can be checked before it changes anything. The error names
// the field.
func (in *Inspector) Seed(scenarioJSON []byte) error {
	var sc scenario
	if err := decode(bytes.NewReader(scenarioJSON), &sc); err != nil {
		return err
	}
	return in.seed(sc)
}

func (in *Inspector) runScenario(r *http.Request) (any, error) {
	var body scenario
	if err := read(r, &body); err != nil {
		return nil, err
	}
	if err := in.seed(body); err != nil {
		return nil, err
	}
	return in.state(r)
}

// within says where in a list of a scenario a problem is.
func within(err error, list string, i int) error {
	return below(err, fmt.Sprintf("%s[%d]", list, i))
}

// below says below which field of a scenario a problem is.
func below(err error, at string) error {
	if p, known := err.(*problem); known { //nolint:errorlint // it is never wrapped
		if p.Param != "" {
			at += "." + p.Param
		}
		return &problem{p.status, at, p.Message}
	}
	return err
}

// seed does what a scenario says, in the order of its fields.
func (in *Inspector) seed(sc scenario) error {
	steps, err := in.steps(sc)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// steps checks a scenario and returns what is to be done.
func (in *Inspector) steps(sc scenario) (steps []func() error, err error) {
	s := in.sandbox
	do := func(f func()) { steps = append(steps, func() error { f(); return nil }) }
	if sc.Plan != nil {
		plan, err := sc.Plan.plan()
		if err != nil {
			return nil, below(err, "plan")
		}
		do(func() { s.SetPlan(plan) })
	}
	if sc.Statuses != nil {
		if err := sc.Statuses.check(); err != nil {
			return nil, below(err, "statuses")
		}
		do(func() { in.plan.set(*sc.Statuses) })
	}
	if sc.Review != nil {
		review, err := sc.Review.review()
		if err != nil {
			return nil, below(err, "review")
		}
		do(func() { s.ReviewTemplates(review) })
	}
	for i, j := range sc.Templates {
		t, err := j.template()
		if err != nil {
			return nil, within(err, "templates", i)
		}
		do(func() { s.AddTemplate(t) })
	}
	for i, j := range sc.Flows {
		f, err := in.checkFlow(j)
		if err != nil {
			return nil, within(err, "flows", i)
		}
		do(func() { s.PutFlow(f) })
	}
	for i, j := range sc.Contacts {
		err := checkPhone("phone", j.Phone)
		if err == nil && j.WindowAge != nil && *j.WindowAge < 0 {
			err = invalid("window_age", "want no negative duration")
		}
		if err != nil {
			return nil, within(err, "contacts", i)
		}
		do(func() { in.addContact(j) })
	}
	for i, c := range sc.Conversations {
		lines, err := in.lines(c)
		if err != nil {
			return nil, within(err, "conversations", i)
		}
		for _, line := range lines {
			steps = append(steps, func() error {
				if err := line(); err != nil {
					return within(err, "conversations", i)
				}
				return nil
			})
		}
	}
	for i, j := range sc.Subscriptions {
		if err := j.check(); err != nil {
			return nil, within(err, "subscriptions", i)
		}
		do(func() { s.Subscribe(j.URL, j.Events...) })
	}
	for i, j := range sc.Faults {
		f, err := j.fault(s.Now())
		if err != nil {
			return nil, within(err, "faults", i)
		}
		do(func() { s.AddFault(f) })
	}
	return steps, nil
}

// addContact makes a contact. A name is what the customer's profile says, which comes
// with a message: the request_welcome that opens a chat.
func (in *Inspector) addContact(j contactJSON) {
	if j.Name != "" {
		in.sandbox.Receive(kirimtest.Inbound{From: j.Phone, Name: j.Name, Type: "request_welcome"})
	}
	var at time.Time
	if j.WindowAge != nil {
		at = in.sandbox.Now().Add(-time.Duration(*j.WindowAge))
	}
	in.sandbox.SetLastInbound(j.Phone, at)
	if j.Blocked {
		in.plan.block(j.Phone, true)
	}
}

// lines are the messages of a conversation.
func (in *Inspector) lines(c conversationJSON) (steps []func() error, err error) {
	if err := checkPhone("customer", c.Customer); err != nil {
		return nil, err
	}
	for i, line := range c.Messages {
		switch line.From {
		case "customer":
			j := inboundJSON{Text: line.Text}
			if line.Inbound != nil {
				j = *line.Inbound
			}
			j.From, j.Name, j.Age = c.Customer, c.Name, line.Age
			m, err := j.inbound(in.sandbox.Now())
			if err != nil {
				return nil, within(err, "messages", i)
			}
			steps = append(steps, func() error { in.sandbox.Receive(m); return nil })
		case "business":
			body := map[string]any{"type": "text", "text": map[string]string{"body": line.Text}}
			if len(line.Message) > 0 && json.Unmarshal(line.Message, &body) != nil {
				return nil, within(invalid("message", "want the JSON object of a send"), "messages", i)
			}
			body["messaging_product"], body["to"] = "whatsapp", c.Customer
			steps = append(steps, func() error {
				if err := in.send(mustJSON(body)); err != nil {
					return within(err, "messages", i)
				}
				return nil
			})
		default:
			return nil, within(invalid("from", "want customer or business, got %d characters", len(line.From)), "messages", i)
		}
	}
	return steps, nil
}

// send sends as a program would.
func (in *Inspector) send(body []byte) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, in.sandbox.URL+"/"+in.sandbox.PhoneNumberID+"/messages", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+in.sandbox.APIKey)
	req.Header.Set("Content-Type", "application/json")
	resp, err := in.sandbox.Transport().RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 300 {
		return nil
	}
	var refusal struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	_ = json.NewDecoder(resp.Body).Decode(&refusal) // the status alone will do
	return invalid("message", "the sandbox refuses it: %d %s: %s", resp.StatusCode, refusal.Error.Code, refusal.Error.Message)
}
