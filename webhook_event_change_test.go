package kirim_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

// changes is a handler that notes every call of a callback for a field of
// Meta's other than messages.
type changes struct {
	*kirim.WebhookHandler
	t   *testing.T
	got []string
}

func newChanges(t *testing.T, opts ...kirim.WebhookOption) *changes {
	h := &changes{WebhookHandler: kirim.NewWebhookHandler(verifier(t, testSecret), opts...), t: t}
	note := func(what string, args ...any) error {
		h.got = append(h.got, fmt.Sprintf(what, args...))
		return nil
	}
	h.OnCall(func(_ context.Context, c *kirim.CallUpdate) error { return note("call %s%s", c.Event, c.Status) })
	h.OnGroup(func(_ context.Context, g *kirim.GroupUpdate) error { return note("%s %s", g.Field, g.Type) })
	h.OnMessageEcho(func(_ context.Context, m *kirim.MessageEcho) error {
		return note("echo to %s: %s", m.To.E164(), m.Message.Text)
	})
	h.OnHistory(func(_ context.Context, c *kirim.HistoryChunk) error {
		return note("history of %d threads at %d%%, %d errors", len(c.Threads), c.Progress, len(c.Errors))
	})
	h.OnUserPreference(func(_ context.Context, p *kirim.UserPreference) error {
		return note("preference of %s: %s, marketing stopped: %t", p.User.E164(), p.Value, p.StopsMarketing())
	})
	h.OnAccountUpdate(func(_ context.Context, a *kirim.AccountUpdate) error { return note("account %s", a.Event) })
	h.OnPhoneNumberQuality(func(_ context.Context, p *kirim.PhoneNumberQualityUpdate) error {
		return note("number %s: %s", p.DisplayPhoneNumber, p.Event)
	})
	h.OnTemplateStatus(func(_ context.Context, t *kirim.TemplateStatusUpdate) error {
		return note("template %s %s", t.Name, t.Status)
	})
	h.OnTemplateQuality(func(_ context.Context, t *kirim.TemplateQualityUpdate) error {
		return note("template %s from %s to %s", t.Name, t.Previous, t.Quality)
	})
	h.OnAccountError(func(_ context.Context, a *kirim.AccountError) error { return note("error %d", a.Code) })
	h.OnMessage(func(context.Context, *kirim.InboundMessage) error { return note("message") })
	h.OnStatus(func(context.Context, *kirim.StatusUpdate) error { return note("status") })
	h.OnUnknown(func(_ context.Context, e *kirim.Event) error { return note("unknown %s", e.Type) })
	return h
}

// calls delivers a body and returns which callbacks ran.
func (h *changes) calls(body string) string {
	h.t.Helper()
	h.got = nil
	r := signed(testSecret, testTime, []byte(body))
	r.Header.Set("X-Kirim-Event-Id", "evt_1")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		h.t.Errorf("answer %d to %s", w.Code, body)
	}
	return strings.Join(h.got, ", ")
}

func TestEveryFieldHasItsCallback(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"group_created":       "group_lifecycle_update group_create",
		"group_create_failed": "group_lifecycle_update group_create, unknown group_lifecycle_update, group_lifecycle_update group_delete",
		"group_settings":      "group_settings_update group_settings_update",
		"group_removed":       "group_participants_update group_create, group_participants_update group_remove_participants",
		"group_join_request":  "group_participants_update group_join_request_created",
		"call_connect":        "call connect",
		"call_terminate":      "call terminateFAILED",
		"call_statuses":       "call RINGING, unknown calls, call ACCEPTED, error 138000",
		"message_echoes":      "echo to +16505551234: Here you are, unknown smb_message_echoes, echo to +16505551235: , echo to : ",
		"history":             "history of 2 threads at 55%, 0 errors, unknown history",
		"history_media":       "history of 1 threads at 0%, 0 errors, history of 1 threads at 0%, 0 errors",
		"history_declined":    "history of 0 threads at 0%, 1 errors",
		"user_preferences": "preference of +16505551234: stop, marketing stopped: true, unknown user_preferences, " +
			"preference of +16505551235: resume, marketing stopped: false",
		"account_deleted":        "account ACCOUNT_DELETED",
		"account_disabled":       "account DISABLED_UPDATE",
		"account_restricted":     "account ACCOUNT_RESTRICTION",
		"account_partner":        "account PARTNER_APP_INSTALLED",
		"account_certification":  "account PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
		"number_quality":         "number 15550783881: THROUGHPUT_UPGRADE",
		"template_approved":      "template order_confirmation approved",
		"template_rejected":      "template abandoned_cart rejected",
		"template_paused":        "template order_confirmation paused",
		"template_quality":       "template welcome_template from GREEN to YELLOW",
		"template_quality_other": "template welcome_template from GREEN to YELLOW",
		"field_unknown":          "unknown business_weather_update",
		"account_error":          "error 130429",
	} {
		body, err := os.ReadFile("testdata/events/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		h := newChanges(t)
		if got := h.calls(string(body)); got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
		if got := h.calls(string(body)); got != "" {
			t.Errorf("%s, again: %q", file, got)
		}
	}
}

// change is a delivery of one change.
func change(account, number, field, value string) string {
	return `{"entry":[{"id":"` + account + `","time":1780000000,"changes":[{"value":{"metadata":{"phone_number_id":"` + number + `"},` +
		value + `},"field":"` + field + `"}]}]}`
}

func TestElementsOfFieldsAreToldApart(t *testing.T) {
	t.Parallel()
	for field, values := range map[string][]string{
		"calls": {
			`"statuses":[{"id":"wacid.1","type":"call","status":"RINGING","timestamp":"1"}]`,
			`"statuses":[{"id":"wacid.1","type":"call","status":"ACCEPTED","timestamp":"1"}]`,
			`"statuses":[{"id":"wacid.2","type":"call","status":"ACCEPTED","timestamp":"1"}]`,
			`"statuses":[{"id":"wacid.2","type":"call","status":"ACCEPTED","timestamp":"2"}]`,
			`"calls":[{"id":"wacid.1","event":"connect","timestamp":"1"}]`,
			`"calls":[{"id":"wacid.1","event":"terminate","timestamp":"1"}]`,
			`"calls":[{"id":"wacid.1","event":"terminate","timestamp":"1","later":{}}]`,
			`"calls":[{}]`,
		},
		"smb_message_echoes": {
			`"message_echoes":[{"id":"wamid.1","to":"1","type":"text","timestamp":"1"}]`,
			`"message_echoes":[{"id":"wamid.2","to":"1","type":"text","timestamp":"1"}]`,
			`"message_echoes":[{"to":"1","type":"text","timestamp":"1"}]`,
			`"message_echoes":[{"to":"2","type":"text","timestamp":"1"}]`,
		},
		"history": {
			`"history":[{"metadata":{"phase":0,"chunk_order":1},"threads":[{"id":"1","messages":[{"id":"wamid.1","timestamp":"1"}]}]}]`,
			`"history":[{"metadata":{"phase":0,"chunk_order":2},"threads":[{"id":"1","messages":[{"id":"wamid.1","timestamp":"1"}]}]}]`,
			`"history":[{"metadata":{"phase":0,"chunk_order":2},"threads":[{"id":"1","messages":[{"id":"wamid.2","timestamp":"1"}]}]}]`,
			`"history":[{"metadata":{"phase":2,"chunk_order":1}}]`,
			`"history":[{"errors":[{"code":2593109}]}]`,
			`"messages":[{"id":"wamid.1","timestamp":"1","type":"image"}]`,
			`"messages":[{"id":"wamid.2","timestamp":"1","type":"image"}]`,
		},
		"user_preferences": {
			`"user_preferences":[{"wa_id":"1","category":"marketing_messages","value":"stop","timestamp":1}]`,
			`"user_preferences":[{"wa_id":"1","category":"marketing_messages","value":"resume","timestamp":1}]`,
			`"user_preferences":[{"wa_id":"1","category":"marketing_messages","value":"stop","timestamp":2}]`,
			`"user_preferences":[{"wa_id":"2","category":"marketing_messages","value":"stop","timestamp":2}]`,
			`"user_preferences":[{"user_id":"US.2","category":"marketing_messages","value":"stop","timestamp":2}]`,
			`"user_preferences":[{"user_id":"US.2","category":"other","value":"stop","timestamp":2}]`,
		},
		"account_update":              {`"event":"A"`, `"event":"B"`, `"event":"B","later":1`},
		"phone_number_quality_update": {`"display_phone_number":"1","event":"A"`, `"display_phone_number":"2","event":"A"`, `"display_phone_number":"2","event":"B"`},
		"message_template_status_update": {
			`"message_template_id":1,"event":"APPROVED"`, `"message_template_id":2,"event":"APPROVED"`, `"message_template_id":2,"event":"PAUSED"`,
		},
		"message_template_quality_update": {
			`"message_template_id":1,"new_quality_score":"RED"`, `"message_template_id":2,"new_quality_score":"RED"`, `"message_template_id":2,"new_quality_score":"GREEN"`,
		},
		"group_lifecycle_update": {
			`"groups":[{"type":"group_create","group_id":"1","request_id":"R","timestamp":1}]`,
			`"groups":[{"type":"group_create","group_id":"1","request_id":"S","timestamp":1}]`,
			`"groups":[{"type":"group_create","group_id":"2","request_id":"S","timestamp":1}]`,
			`"groups":[{"type":"group_delete","group_id":"2","timestamp":1}]`,
			`"groups":[{"type":"group_delete","group_id":"2","timestamp":2}]`,
		},
	} {
		h := newChanges(t)
		var all []string
		for _, account := range []string{"1", "2"} {
			for _, number := range []string{"1", "2"} {
				for _, value := range values {
					all = append(all, change(account, number, field, value))
				}
			}
		}
		for _, body := range all {
			if got := h.calls(body); len(h.got) != 1 || strings.HasPrefix(got, "unknown") {
				t.Errorf("%q for %s", got, body)
			}
		}
		for _, body := range all {
			if got := h.calls(body); got != "" {
				t.Errorf("%q again for %s", got, body)
			}
		}
	}
}

func TestAFieldIsTheTypeOfItsEvent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		header, body string
		want         kirim.WebhookEventType
	}{
		{"", change("1", "1", "group_lifecycle_update", `"groups":[{"type":"group_create"}]`), kirim.EventGroupLifecycle},
		{"", change("1", "1", "group_participant_update", `"groups":[{"type":"group_join_request_created"}]`), kirim.EventGroupParticipants},
		{"group_participant_update", change("1", "1", "group_participant_update", `"groups":[{"type":"g"}]`), kirim.EventGroupParticipants},
		{"", change("1", "1", "message_template_status_update", `"new_quality_score":"RED"`), kirim.EventTemplateQuality},
		{"", change("1", "1", "calls", `"calls":[]`), kirim.EventCalls},
		{"", change("1", "1", "calls", `"errors":[{"code":1}]`), kirim.EventCalls},
		{"", change("1", "1", "brand_new", `"later":1`), "brand_new"},
		{"message.received", change("1", "1", "brand_new", `"later":1`), "brand_new"},
		{"message.status", change("1", "1", "messages", `"errors":[{"code":1}]`), "messages"},
		{"", change("1", "1", "messages", `"messages":[7]`), "messages"},
		{"", change("1", "1", "messages", `"messages":[7,{"id":"1"}]`), kirim.EventMessageReceived},
		{"", change("1", "1", "messages", `"errors":[{}],"statuses":[{"id":"1"}]`), kirim.EventMessageStatus},
		{"", `{"entry":[{"changes":[{"field":"brand_new","value":[]}]}]}`, "brand_new"},
		{"", `{"entry":[{"changes":[{"field":"brand_new"}]}]}`, "brand_new"},
	} {
		e, err := decode(t, http.Header{"X-Kirim-Event": {tt.header}}, []byte(tt.body))
		if err != nil || e.Type != tt.want {
			t.Errorf("%v, type %q, want %q for %s", err, e.Type, tt.want, tt.body)
		}
		h := newChanges(t)
		ran := false
		h.On(tt.want, func(_ context.Context, e *kirim.Event) error {
			ran = e.Type == tt.want && len(e.Data) == 1
			return nil
		})
		if h.calls(tt.body); !ran {
			t.Errorf("On(%q) got nothing of %s", tt.want, tt.body)
		}
	}
}

func TestHistoryAndEchoesOpenNoWindow(t *testing.T) {
	t.Parallel()
	windows := kirim.NewMemoryWindowStore(0)
	h := newChanges(t, kirim.WithWebhookWindowStore(windows))
	for _, file := range []string{"message_echoes", "history", "history_media"} {
		body, err := os.ReadFile("testdata/events/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		h.calls(string(body))
	}
	for _, customer := range []string{"16505551234", "16505551235", "15550783881"} {
		if at, _ := windows.LastOpened(t.Context(), "106540352242922", customer); !at.IsZero() {
			t.Errorf("%s has a window since %v", customer, at)
		}
	}
}

func TestErrorsOfAChangeOfAnyFieldArrive(t *testing.T) {
	t.Parallel()
	const first, second = `{"code":131000}`, `{"code":131060}`
	echo := func(id string) string { return `{"id":"` + id + `","from":"62215550100","to":"6281234500001"}` }
	for _, tt := range []struct {
		name, field, value string
		want               string
	}{
		{"history without anything else", "history", `"errors":[` + first + `]`, "error 131000 of history"},
		{"history with a chunk", "history", `"history":[{"threads":[]}],"errors":[` + first + `,` + second + `]`,
			"*kirim.HistoryChunk, error 131000 of history, error 131060 of history"},
		{"two echoes", "smb_message_echoes", `"errors":[` + first + `],"message_echoes":[` + echo("1") + `,` + echo("2") + `]`,
			"echo [], echo [], error 131000 of smb_message_echoes"},
		{"one echo, which they are about", "smb_message_echoes", `"message_echoes":[` + echo("1") + `],"errors":[` + first + `]`, "echo [131000]"},
		{"an account", "account_update", `"event":"DISABLED_UPDATE","errors":[` + first + `]`, "*kirim.AccountUpdate, error 131000 of account_update"},
		{"a quality", "phone_number_quality_update", `"errors":[` + first + `],"event":"FLAGGED"`,
			"*kirim.PhoneNumberQualityUpdate, error 131000 of phone_number_quality_update"},
		{"preferences", "user_preferences", `"user_preferences":[{}],"errors":[` + first + `]`, "*kirim.UserPreference, error 131000 of user_preferences"},
		{"groups", "group_settings_update", `"groups":[],"errors":[` + first + `]`, "error 131000 of group_settings_update"},
		{"one call, which they are about", "calls", `"calls":[{"id":"1"}],"errors":[` + first + `]`, "call [131000]"},
		{"two calls", "calls", `"calls":[{"id":"1"},{"id":"2"}],"errors":[` + first + `]`, "call [], call [], error 131000 of calls"},
		{"an odd error", "history", `"errors":[7]`, "unknown 7 of history"},
		{"no errors", "history", `"history":[{"threads":[]}],"errors":[]`, "*kirim.HistoryChunk"},
		{"a field that is unknown", "brand_new", `"errors":[` + first + `]`, `unknown {"metadata":`},
	} {
		e, err := kirim.DecodeEvent(nil, []byte(`{"entry":[{"id":"waba","changes":[{"field":"`+tt.field+
			`","value":{"metadata":{"phone_number_id":"9","display_phone_number":"62215550100"},`+tt.value+`}}]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		codes := func(errs []kirim.EventError) []int {
			list := []int{}
			for _, err := range errs {
				list = append(list, err.Code)
			}
			return list
		}
		var got []string
		for i, data := range e.Data {
			switch data := data.(type) {
			case *kirim.AccountError:
				got = append(got, fmt.Sprintf("error %d of %s", data.Code, tt.field))
				if data.PhoneNumberID != "9" || data.BusinessAccountID != "waba" || len(data.Raw) == 0 {
					t.Errorf("%s: %+v", tt.name, data)
				}
			case *kirim.MessageEcho:
				got = append(got, fmt.Sprint("echo ", codes(data.Message.Errors)))
			case *kirim.CallUpdate:
				got = append(got, fmt.Sprint("call ", codes(data.Errors)))
			case *kirim.UnknownData:
				got = append(got, fmt.Sprintf("unknown %.12s", data.Raw))
				if data.Field == tt.field && i == len(e.Data)-1 && len(data.Raw) < 12 {
					got[i] += " of " + data.Field
				}
			default:
				got = append(got, fmt.Sprintf("%T", data))
			}
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
		if e.Type != kirim.WebhookEventType(tt.field) {
			t.Errorf("%s: the event is %s", tt.name, e.Type)
		}
	}
}
