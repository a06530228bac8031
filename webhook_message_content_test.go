package kirim_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

func TestContentThatTheTypeNamesIsNeverNil(t *testing.T) {
	t.Parallel()
	media := func(m *kirim.InboundMessage) any { return m.Media.ID }
	for _, tt := range []struct {
		typ, key string
		read     func(*kirim.InboundMessage) any
	}{
		{"image", "image", media},
		{"video", "video", media},
		{"audio", "audio", media},
		{"document", "document", media},
		{"sticker", "sticker", media},
		{"voice", "voice", media},
		{"location", "location", func(m *kirim.InboundMessage) any { return m.Location.Name }},
		{"reaction", "reaction", func(m *kirim.InboundMessage) any { return m.Reaction.Emoji }},
		{"button", "button", func(m *kirim.InboundMessage) any { return m.Button.Payload }},
		{"interactive", "interactive", func(m *kirim.InboundMessage) any { return m.Interactive.ID }},
		{"order", "order", func(m *kirim.InboundMessage) any { return m.Order.CatalogID }},
		{"system", "system", func(m *kirim.InboundMessage) any { return m.System.Body }},
		{"edit", "edit", func(m *kirim.InboundMessage) any { return m.Edit.OriginalID + m.Edit.Message.Text }},
	} {
		for _, content := range []string{``, `"` + tt.key + `":null,`, `"` + tt.key + `":"odd",`, `"` + tt.key + `":{},`} {
			for _, errs := range []string{``, `"errors":[{"code":131051}],`} {
				m := received(t, "", content+errs+`"type":"`+tt.typ+`"`)
				if got := tt.read(m); got != "" {
					t.Errorf("%s with %q: %v", tt.typ, content, got)
				}
			}
		}
	}
	for message, read := range map[string]func(*kirim.InboundMessage) any{
		`"type":"interactive","interactive":{"type":"nfm_reply"}`:              func(m *kirim.InboundMessage) any { return m.Interactive.Flow.Response },
		`"type":"interactive","interactive":{"type":"call_permission_reply"}`:  func(m *kirim.InboundMessage) any { return m.Interactive.CallPermission.Response },
		`"type":"system","system":{"type":"customer_identity_changed"}`:        func(m *kirim.InboundMessage) any { return m.System.Identity.Hash },
		`"type":"edit","edit":{"original_message_id":"","message":null}`:       func(m *kirim.InboundMessage) any { return m.Edit.Message.Text },
		`"type":"edit","edit":{"message":{"type":"image"}}`:                    func(m *kirim.InboundMessage) any { return m.Edit.Message.Media.Caption },
		`"type":"edit","edit":{"message":{"type":"interactive","errors":[7]}}`: func(m *kirim.InboundMessage) any { return m.Edit.Message.Interactive.ID },
	} {
		if got := read(received(t, "", message)); got != "" {
			t.Errorf("%s: %v", message, got)
		}
	}
	if m := received(t, "", `"type":"text","text":{"body":"Halo"}`); m.Interactive != nil || m.Media != nil || m.Edit != nil {
		t.Errorf("a text message has other content: %+v", m)
	}
}

// The types whose objects may be absent have a Get method for each of them.
func TestEveryOptionalObjectHasAnAccessor(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	var check func(reflect.Type)
	check = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] || typ.PkgPath() != reflect.TypeFor[kirim.Event]().PkgPath() {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			field := typ.Field(i)
			if !field.IsExported() {
				continue
			}
			if field.Type.Kind() == reflect.Pointer && field.Type.Elem().Kind() == reflect.Struct {
				method, ok := reflect.PointerTo(typ).MethodByName("Get" + field.Name)
				if !ok {
					t.Errorf("%s.%s has no accessor", typ.Name(), field.Name)
					continue
				}
				for _, receiver := range []reflect.Value{reflect.Zero(reflect.PointerTo(typ)), reflect.New(typ)} {
					if got := method.Func.Call([]reflect.Value{receiver})[0]; got.IsNil() || !got.Elem().IsZero() {
						t.Errorf("%s of a %v: %v", method.Name, receiver.Type(), got)
					}
				}
				full := reflect.New(typ)
				full.Elem().Field(i).Set(reflect.New(field.Type.Elem()))
				if got := method.Func.Call([]reflect.Value{full})[0]; got.Pointer() != full.Elem().Field(i).Pointer() {
					t.Errorf("%s of a %s is not its field", method.Name, typ.Name())
				}
			}
			check(field.Type)
		}
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[kirim.Event](), reflect.TypeFor[kirim.InboundMessage](), reflect.TypeFor[kirim.StatusUpdate](),
		reflect.TypeFor[kirim.PaymentUpdate](), reflect.TypeFor[kirim.OutboundNotice](), reflect.TypeFor[kirim.MessageRevoked](),
		reflect.TypeFor[kirim.MessageEdited](), reflect.TypeFor[kirim.MessageEcho](), reflect.TypeFor[kirim.HistoryChunk](),
		reflect.TypeFor[kirim.UserPreference](), reflect.TypeFor[kirim.AccountUpdate](), reflect.TypeFor[kirim.PhoneNumberQualityUpdate](),
		reflect.TypeFor[kirim.TemplateStatusUpdate](), reflect.TypeFor[kirim.TemplateQualityUpdate](), reflect.TypeFor[kirim.CallUpdate](),
		reflect.TypeFor[kirim.GroupUpdate](), reflect.TypeFor[kirim.CustomerNotice](),
	} {
		check(typ)
	}
}

func TestErrorsOfAChangeArriveOnItsOnlyMessage(t *testing.T) {
	t.Parallel()
	const (
		first, second = `{"code":131051}`, `{"code":131060,"title":"no"}`
		message       = `{"id":"1","type":"interactive"}`
	)
	for _, tt := range []struct {
		name, value string
		want        string
	}{
		{"errors after the message", `"messages":[` + message + `],"errors":[` + first + `]`, "message [131051]"},
		{"errors before the message", `"errors":[` + first + `],"messages":[` + message + `]`, "message [131051]"},
		{"several", `"errors":[` + first + `,` + second + `],"messages":[` + message + `]`, "message [131051 131060]"},
		{"beside its own", `"messages":[{"errors":[` + first + `]}],"errors":[` + second + `]`, "message [131051 131060]"},
		{"the same as its own", `"messages":[{"errors":[` + first + `]}],"errors":[` + first + `]`, "message [131051]"},
		{"two messages", `"messages":[{"id":"1"},{"id":"2"}],"errors":[` + first + `]`, "message [], message [], error 131051"},
		{"no message", `"messages":[],"errors":[` + first + `]`, "error 131051"},
		{"a status", `"statuses":[{"id":"1"}],"errors":[` + first + `]`, "status, error 131051"},
		{"an odd error", `"messages":[` + message + `],"errors":[7]`, "message [], unknown"},
		{"none", `"messages":[` + message + `],"errors":[]`, "message []"},
	} {
		e := mustDecode(t, `{"entry":[{"id":"waba","changes":[{"value":{"metadata":{"phone_number_id":"9"},"contacts":[{"wa_id":"6281234500001"}],`+tt.value+`},"field":"messages"}]}]}`)
		var got []string
		for _, data := range e.Data {
			switch data := data.(type) {
			case *kirim.InboundMessage:
				codes := []int{}
				for _, err := range data.Errors {
					codes = append(codes, err.Code)
				}
				got = append(got, fmt.Sprint("message ", codes))
				if data.PhoneNumberID != "9" || data.BusinessAccountID != "waba" {
					t.Errorf("%s: %+v", tt.name, data)
				}
			case *kirim.StatusUpdate:
				got = append(got, "status")
			case *kirim.AccountError:
				got = append(got, fmt.Sprint("error ", data.Code))
			default:
				got = append(got, "unknown")
			}
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
	// One change says nothing about another.
	e := mustDecode(t, `{"entry":[{"changes":[{"value":{"messages":[{"id":"1"}]}},{"value":{"errors":[`+first+`]}}]}]}`)
	if m := e.Data[0].(*kirim.InboundMessage); len(e.Data) != 2 || len(m.Errors) != 0 {
		t.Errorf("%d elements, errors %v", len(e.Data), m.Errors)
	}
}

func TestChoiceBesideAnErrorIsHandledAtOnce(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(verifier(t, testSecret))
	calls := 0
	h.OnMessage(func(_ ctx, m *kirim.InboundMessage) error {
		calls++
		if m.Interactive.ID != "" || m.From.Phone != "6281234500001" || len(m.Errors) != 1 {
			t.Errorf("%+v", m)
		}
		return nil
	})
	body := `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},"messages":[{"from":"6281234500001","id":"1","type":"interactive"}],"errors":[{"code":131051}]}}]}]}`
	for range 2 {
		if code := deliver(t, h, body); code != 200 || calls != 1 {
			t.Errorf("answer %d after %d calls", code, calls)
		}
	}
}
