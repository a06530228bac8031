package inspector

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
)

func (in *Inspector) health(*http.Request) (any, error) {
	return map[string]string{"status": "ok", "time": in.sandbox.Now().UTC().Format(time.RFC3339Nano)}, nil
}

type stateView struct {
	Connection    connectionView     `json:"connection"`
	Clock         clockView          `json:"clock"`
	Plan          planView           `json:"plan"`
	Statuses      statusesView       `json:"statuses"`
	Faults        []faultJSON        `json:"faults"`
	Templates     []templateView     `json:"templates"`
	PhoneNumbers  []numberView       `json:"phone_numbers"`
	Subscriptions []subscriptionView `json:"subscriptions"`
	Flows         []flowView         `json:"flows"`
	Program       any                `json:"program,omitempty"`
}

type connectionView struct {
	BaseURL       string   `json:"base_url"`
	MetaURL       string   `json:"meta_url"`
	PhoneNumberID string   `json:"phone_number_id"`
	WABAID        string   `json:"waba_id"`
	Environment   []string `json:"environment"`
}

type clockView struct {
	Now   time.Time `json:"now"`
	Ahead string    `json:"ahead,omitempty"` // of real time
}

type planView struct {
	Name           string `json:"name"`
	WritePerMinute int    `json:"write_per_minute"`
	ReadPerMinute  int    `json:"read_per_minute"`
}

type templateView struct {
	Name       string          `json:"name"`
	Language   string          `json:"language"`
	Category   string          `json:"category"`
	Status     string          `json:"status"`
	Components json.RawMessage `json:"components"`
}

type numberView struct {
	ID     string `json:"id"`
	Number string `json:"number"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

// state handles GET state: how the sandbox is set.
func (in *Inspector) state(*http.Request) (any, error) {
	s := in.sandbox
	v := stateView{
		Connection: connectionView{s.URL, s.MetaURL, s.PhoneNumberID, s.WABAID, in.config.Environment},
		Clock:      clockView{Now: s.Now()},
		Plan:       planOf(s.Plan()),
		Statuses:   in.plan.view(),
		Faults:     in.faults(),
		// Never null.
		Templates: []templateView{}, PhoneNumbers: []numberView{}, Subscriptions: []subscriptionView{},
	}
	if v.Connection.Environment == nil {
		v.Connection.Environment = []string{
			"export KIRIM_BASE_URL=" + s.URL, "export KIRIM_API_KEY=" + s.APIKey, "export KIRIM_PHONE_NUMBER_ID=" + s.PhoneNumberID,
			"export KIRIM_WEBHOOK_SECRET=" + s.WebhookSecret,
		}
	}
	if ahead := time.Until(s.Now()); ahead > time.Second || ahead < -time.Second {
		v.Clock.Ahead = ahead.Round(time.Second).String()
	}
	for _, t := range s.Templates() {
		v.Templates = append(v.Templates, templateView{t.Name, t.Language, t.Category, string(t.Status), t.Components})
	}
	for _, n := range s.PhoneNumbers() {
		v.PhoneNumbers = append(v.PhoneNumbers, numberView{n.ID, n.Number, n.Name, n.Status})
	}
	for _, sub := range s.Subscriptions() {
		v.Subscriptions = append(v.Subscriptions, viewOf(sub))
	}
	v.Flows = in.flowViews()
	if in.config.State != nil {
		v.Program = in.config.State()
	}
	return v, nil
}

func planOf(p kirimtest.Plan) planView { return planView{p.Name, p.WritePerMinute, p.ReadPerMinute} }

// reset handles POST reset: no message, no request and no fault is left.
func (in *Inspector) reset(*http.Request) (any, error) {
	in.sandbox.ClearFaults()
	in.plan.clear()
	in.flows.clear()
	in.sandbox.Forget()
	return in.state(nil)
}

// mostAdvance bounds how far the clock is put forward at once.
const mostAdvance = 366 * 24 * time.Hour

func (in *Inspector) advance(r *http.Request) (any, error) {
	var body struct {
		By duration `json:"by"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	by := time.Duration(body.By)
	if by <= 0 || by > mostAdvance {
		return nil, invalid("by", "want a duration above 0 and up to %s, got %s", mostAdvance, by)
	}
	in.sandbox.Advance(by)
	return in.state(r)
}

// faultJSON is a [kirimtest.Fault].
type faultJSON struct {
	Method    string      `json:"method,omitempty"`
	Path      string      `json:"path,omitempty"`
	Skip      int         `json:"skip,omitempty"`
	Times     int         `json:"times,omitempty"`
	After     duration    `json:"after,omitzero"` // when it begins, from now
	For       duration    `json:"for,omitzero"`   // how long it lasts
	Processed bool        `json:"processed,omitempty"`
	Delay     duration    `json:"delay,omitzero"`
	Slow      duration    `json:"slow,omitzero"`
	Twice     bool        `json:"twice,omitempty"`
	Hang      bool        `json:"hang,omitempty"`
	Drop      bool        `json:"drop,omitempty"`
	Unread    bool        `json:"unread,omitempty"`
	Status    int         `json:"status,omitempty"`
	Header    http.Header `json:"header,omitempty"`
	Code      string      `json:"code,omitempty"`
	Message   string      `json:"message,omitempty"`
	Param     string      `json:"param,omitempty"`
	Body      string      `json:"body,omitempty"`
	Empty     bool        `json:"empty,omitempty"`
	Cut       bool        `json:"cut,omitempty"`
	Length    int         `json:"length,omitempty"`
	Trickle   duration    `json:"trickle,omitzero"`
}

// faultPath are the paths that a request can have: of Kirim's API and Meta's with their
// versions, and of files. Others, such as /messages, would never match.
var faultPath = regexp.MustCompile(`^/(v\d+(\.\d+)?|media|\*\*?)(/|$)`)

func (j faultJSON) fault(now time.Time) (kirimtest.Fault, error) {
	f := kirimtest.Fault{
		Method: strings.ToUpper(j.Method), Path: j.Path, Skip: j.Skip, Times: j.Times, Processed: j.Processed,
		Delay: time.Duration(j.Delay), Slow: time.Duration(j.Slow), Twice: j.Twice, Hang: j.Hang, Drop: j.Drop, Unread: j.Unread,
		Status: j.Status, Header: j.Header, Code: j.Code, Message: j.Message, Param: j.Param, Body: j.Body, Empty: j.Empty,
		Cut: j.Cut, Length: j.Length, Trickle: time.Duration(j.Trickle),
	}
	for name, value := range map[string]int64{"skip": int64(j.Skip), "length": int64(j.Length), "delay": int64(j.Delay), "slow": int64(j.Slow),
		"trickle": int64(j.Trickle), "after": int64(j.After), "for": int64(j.For)} {
		if value < 0 {
			return f, invalid(name, "want no negative value")
		}
	}
	if j.Path != "" && !faultPath.MatchString(j.Path) {
		return f, invalid("path", `want a path from its beginning, such as /v1/*/messages, where "*" stands for one segment; got %d characters`, len(j.Path))
	}
	if f.Method != "" && !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, f.Method) {
		return f, invalid("method", "want GET, POST, PUT, PATCH or DELETE, got %d characters", len(j.Method))
	}
	if j.Status != 0 && (j.Status < 200 || j.Status > 599) {
		return f, invalid("status", "want 200 to 599, got %d", j.Status)
	}
	if j.After > 0 || j.For > 0 {
		f.From = now.Add(time.Duration(j.After))
	}
	if j.For > 0 {
		f.Until = f.From.Add(time.Duration(j.For))
	}
	return f, nil
}

func faultOf(f kirimtest.Fault, now time.Time) faultJSON {
	j := faultJSON{
		Method: f.Method, Path: f.Path, Skip: f.Skip, Times: f.Times, Processed: f.Processed, Delay: duration(f.Delay), Slow: duration(f.Slow),
		Twice: f.Twice, Hang: f.Hang, Drop: f.Drop, Unread: f.Unread, Status: f.Status, Header: f.Header, Code: f.Code, Message: f.Message,
		Param: f.Param, Body: f.Body, Empty: f.Empty, Cut: f.Cut, Length: f.Length, Trickle: duration(f.Trickle),
	}
	if !f.From.IsZero() {
		j.After = duration(max(f.From.Sub(now), 0))
	}
	if !f.Until.IsZero() {
		j.For = duration(max(f.Until.Sub(now), 0)) - j.After
	}
	return j
}

func (in *Inspector) faults() []faultJSON {
	now, list := in.sandbox.Now(), []faultJSON{}
	for _, f := range in.sandbox.Faults() {
		list = append(list, faultOf(f, now))
	}
	return list
}

func (in *Inspector) listFaults(*http.Request) (any, error) {
	return map[string]any{"faults": in.faults()}, nil
}

func (in *Inspector) addFault(r *http.Request) (any, error) {
	var body faultJSON
	if err := read(r, &body); err != nil {
		return nil, err
	}
	f, err := body.fault(in.sandbox.Now())
	if err != nil {
		return nil, err
	}
	in.sandbox.AddFault(f)
	return in.listFaults(r)
}

func (in *Inspector) clearFaults(r *http.Request) (any, error) {
	in.sandbox.ClearFaults()
	return in.listFaults(r)
}

// limitsJSON is a rate plan: by its name, or by its limits.
type limitsJSON struct {
	Name           string `json:"name"` // free, pro or enterprise
	WritePerMinute int    `json:"write_per_minute"`
	ReadPerMinute  int    `json:"read_per_minute"`
}

func (j limitsJSON) plan() (kirimtest.Plan, error) {
	switch name := strings.ToLower(j.Name); {
	case name == "free" && j.WritePerMinute == 0 && j.ReadPerMinute == 0:
		return kirimtest.Free(), nil
	case name == "pro" && j.WritePerMinute == 0 && j.ReadPerMinute == 0:
		return kirimtest.Pro(), nil
	case name != "" && name != "enterprise":
		return kirimtest.Plan{}, invalid("name", "want free or pro, or enterprise with write_per_minute and read_per_minute, got %d characters", len(j.Name))
	case j.WritePerMinute < 1 || j.ReadPerMinute < 1:
		return kirimtest.Plan{}, invalid("write_per_minute", "want write_per_minute and read_per_minute, each at least 1, or the name free or pro")
	}
	return kirimtest.Enterprise(j.WritePerMinute, j.ReadPerMinute), nil
}

func (in *Inspector) setPlan(r *http.Request) (any, error) {
	var body limitsJSON
	if err := read(r, &body); err != nil {
		return nil, err
	}
	plan, err := body.plan()
	if err != nil {
		return nil, err
	}
	in.sandbox.SetPlan(plan)
	return planOf(plan), nil
}

// templateJSON is a template in a request: the shape of [kirim.TemplateCreateParams],
// and its status, which is approved where none is given.
type templateJSON struct {
	Name            string          `json:"name"`
	Category        string          `json:"category"`
	Language        string          `json:"language"`
	Components      json.RawMessage `json:"components"`
	Variables       []string        `json:"variables"`
	ParameterFormat string          `json:"parameter_format"`
	TTLSeconds      int             `json:"messageSendTtlSeconds"`
	Status          string          `json:"status"`
}

var templateStatuses = []kirimtest.TemplateStatus{
	kirimtest.TemplateApproved, kirimtest.TemplatePending, kirimtest.TemplateRejected, kirimtest.TemplatePaused, kirimtest.TemplateDisabled,
}

func checkStatus(status string) (kirimtest.TemplateStatus, error) {
	if i := slices.Index(templateStatuses, kirimtest.TemplateStatus(strings.ToLower(status))); i >= 0 {
		return templateStatuses[i], nil
	}
	return "", invalid("status", "want approved, pending, rejected, paused or disabled, got %d characters", len(status))
}

func (j templateJSON) template() (kirimtest.Template, error) {
	t := kirimtest.Template{Name: j.Name, Language: j.Language, Category: j.Category, Components: j.Components, ParameterFormat: j.ParameterFormat, TTLSeconds: j.TTLSeconds}
	var parts []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	switch {
	case j.Name == "":
		return t, invalid("name", "the name of the template is missing")
	case j.Language == "":
		return t, invalid("language", "the language of the template is missing, such as id or en_US")
	case len(j.Components) > 0 && json.Unmarshal(j.Components, &parts) != nil:
		return t, invalid("components", "want an array of components, which are objects with a type")
	}
	for i, part := range parts {
		switch {
		case part.Type == "":
			return t, invalid(fmt.Sprintf("components[%d].type", i), "the type of the component is missing, such as BODY")
		case strings.EqualFold(part.Type, "BODY") && part.Text == "" && !strings.EqualFold(j.Category, "AUTHENTICATION"): // whose text is Meta's
			return t, invalid(fmt.Sprintf("components[%d].text", i), "the text of the body is missing")
		}
	}
	if j.Status != "" {
		status, err := checkStatus(j.Status)
		if err != nil {
			return t, err
		}
		t.Status = status
	}
	return t, nil
}

func (in *Inspector) addTemplate(r *http.Request) (any, error) {
	var body templateJSON
	if err := read(r, &body); err != nil {
		return nil, err
	}
	t, err := body.template()
	if err != nil {
		return nil, err
	}
	in.sandbox.AddTemplate(t)
	return map[string]string{"name": t.Name, "language": t.Language}, nil
}

func (in *Inspector) setTemplateStatus(r *http.Request) (any, error) {
	var body struct {
		Status string `json:"status"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	status, err := checkStatus(body.Status)
	if err != nil {
		return nil, err
	}
	if !in.sandbox.SetTemplateStatus(r.PathValue("name"), status) {
		return nil, notFound("template")
	}
	return map[string]string{"name": r.PathValue("name"), "status": string(status)}, nil
}

// reviewJSON is what becomes of templates that are created; without after they are decided
// at once.
type reviewJSON struct {
	After   duration `json:"after"`
	Verdict string   `json:"verdict"`
	Reason  string   `json:"reason"`
}

func (j reviewJSON) review() (kirimtest.TemplateReview, error) {
	r := kirimtest.TemplateReview{After: time.Duration(j.After), Reason: j.Reason}
	if j.Verdict != "" {
		status, err := checkStatus(j.Verdict)
		if err != nil {
			return r, invalid("verdict", "want approved, pending, rejected, paused or disabled, got %d characters", len(j.Verdict))
		}
		r.Verdict = status
	}
	return r, nil
}

func (in *Inspector) setReview(r *http.Request) (any, error) {
	var body reviewJSON
	if err := read(r, &body); err != nil {
		return nil, err
	}
	review, err := body.review()
	if err != nil {
		return nil, err
	}
	in.sandbox.ReviewTemplates(review)
	return body, nil
}

func (in *Inspector) setWindow(r *http.Request) (any, error) {
	var body struct {
		Age    *duration `json:"age"`    // of the customer's last message
		Closed bool      `json:"closed"` // the customer never wrote
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	phone := r.PathValue("phone")
	if err := checkPhone("phone", phone); err != nil {
		return nil, err
	}
	var at time.Time
	switch {
	case body.Age == nil && !body.Closed, body.Age != nil && body.Closed:
		return nil, invalid("age", "want either the age of the customer's last message or closed")
	case body.Age != nil && *body.Age < 0:
		return nil, invalid("age", "want no negative duration")
	case body.Age != nil:
		at = in.sandbox.Now().Add(-time.Duration(*body.Age))
	}
	in.sandbox.SetLastInbound(phone, at)
	return in.listChats(r)
}

func (in *Inspector) setBlocked(r *http.Request) (any, error) {
	var body struct {
		Blocked *bool `json:"blocked"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	phone := r.PathValue("phone")
	if err := checkPhone("phone", phone); err != nil {
		return nil, err
	}
	if body.Blocked == nil {
		return nil, invalid("blocked", "want true or false")
	}
	in.plan.block(phone, *body.Blocked)
	return in.listChats(r)
}
