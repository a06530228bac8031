package templates_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
)

// graphError is an error of Meta's.
func graphError(t *testing.T, code, subcode int, title, message, details string) string {
	t.Helper()
	type data struct {
		Details string `json:"details,omitempty"`
	}
	body, err := json.Marshal(map[string]any{"error": map[string]any{
		"message": "(#100) Invalid parameter", "type": "OAuthException", "code": code, "error_subcode": subcode,
		"error_user_title": title, "error_user_msg": message, "error_data": data{details}, "fbtrace_id": "trace_1",
	}})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

const refusedFile = `name: order_update
category: utility
ttl_seconds: 60
parameters:
  customer: Ana
  order: A-17
languages:
  en:
    header: Order {{order}}
    body: |
      Hello {{customer}},
      your order {{order}} is on its way.
    footer: Thank you.
    buttons:
      - {type: url, text: Track, url: "https://shop.example/{{order}}"}
      - {type: quick_reply, text: Thanks}
`

func TestARefusalIsAtItsLine(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		system string
		file   string // refusedFile when empty
		fault  kirimtest.Fault
		field  string
		line   int
		reason string
	}{
		"Kirim: the name":               {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "name", Message: "Bad name."}, "name", 1, "Bad name."},
		"Kirim: the category":           {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "category"}, "category", 2, ""},
		"Kirim: the language":           {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "language"}, "languages.en", 9, ""},
		"Kirim: the time to live":       {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "messageSendTtlSeconds"}, "ttl_seconds", 3, ""},
		"Kirim: the header":             {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "components[0].text"}, "languages.en.header", 9, ""},
		"Kirim: the body":               {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "components[1].text"}, "languages.en.body", 10, ""},
		"Kirim: the footer":             {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "components[2]"}, "languages.en.footer", 13, ""},
		"Kirim: a sample":               {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "components[1].example.body_text[0][1]"}, "parameters.order", 6, ""},
		"Kirim: a link":                 {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "components[3].buttons[0].url"}, "languages.en.buttons[0].url", 15, ""},
		"Kirim: a button":               {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "components[3].buttons[1].text"}, "languages.en.buttons[1].text", 16, ""},
		"Kirim: what the file has not":  {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "components[9].text"}, "languages.en", 9, ""},
		"Kirim: all of it":              {kirimSystem, "", kirimtest.Fault{Status: 400, Code: "invalid_request"}, "languages.en", 9, ""},
		"Kirim: a card":                 {kirimSystem, cardsFile, kirimtest.Fault{Status: 400, Code: "invalid_field_value", Param: "components[1].cards[1].components[1].text"}, "languages.en.cards[1].body", 12, ""},
		"Kirim: it exists":              {kirimSystem, "", kirimtest.Fault{Status: 409, Code: "template_already_exists", Param: "name"}, "name", 1, ""},
		"Kirim: the key":                {kirimSystem, "", kirimtest.Fault{Status: 401, Code: "invalid_api_key"}, "", 9, ""},
		"Kirim: Meta is down":           {kirimSystem, "", kirimtest.Fault{Status: 503, Code: "service_unavailable", Times: -1, Header: http.Header{"Retry-After": {"9999"}}}, "", 9, ""},
		"Kirim: the number":             {kirimSystem, "", kirimtest.Fault{Status: 422, Code: "whatsapp_number_not_verified"}, "", 9, ""},
		"Meta: a path as Meta has it":   {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 0, "", "", "Param components[3]['buttons'][1]['text'] must be a string.")}, "languages.en.buttons[1].text", 16, "must be a string"},
		"Meta: a path in the message":   {cloudSystem, "", kirimtest.Fault{Status: 400, Body: `{"error":{"message":"(#100) components['2']['text'] is too long","type":"OAuthException","code":100,"fbtrace_id":"A"}}`}, "languages.en.footer", 13, "too long"},
		"Meta: the name":                {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 0, "", "", "name: It has capitals.")}, "name", 1, ""},
		"Meta: too long, says the text": {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 2388040, "Field is too long", "The footer has more than 60 characters.", "")}, "languages.en.footer", 13, "Field is too long: The footer has more than 60 characters."},
		"Meta: too long":                {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 2388040, "", "", "")}, "languages.en", 9, ""},
		"Meta: too long, as a code":     {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 2388040, 0, "", "", "Buttons are too long.")}, "languages.en.buttons", 15, ""},
		"Meta: the header":              {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 2388047, "", "", "")}, "languages.en.header", 9, ""},
		"Meta: the body":                {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 2388072, "", "", "")}, "languages.en.body", 10, ""},
		"Meta: the body, as a code":     {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 2388072, 0, "", "", "")}, "languages.en.body", 10, ""},
		"Meta: the footer":              {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 2388073, "", "", "")}, "languages.en.footer", 13, ""},
		"Meta: too many variables":      {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 2388293, "", "", "")}, "languages.en.body", 10, ""},
		"Meta: a variable at an edge":   {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 2388299, "", "", "")}, "languages.en.body", 10, ""},
		"Meta: the name was deleted":    {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 2388023, "", "", "")}, "name", 1, ""},
		"Meta: it exists":               {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 2388024, "", "", "")}, "languages.en", 9, ""},
		"Meta: the account is full":     {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 2388019, 0, "", "", "")}, "", 9, ""},
		"Meta: a header it has not":     {cloudSystem, strings.Replace(refusedFile, "    header: Order {{order}}\n", "", 1), kirimtest.Fault{Status: 400, Body: graphError(t, 100, 2388047, "", "", "")}, "languages.en", 9, ""},
		"Meta: the category":            {cloudSystem, "", kirimtest.Fault{Status: 400, Body: graphError(t, 100, 0, "Wrong category", "", "")}, "category", 2, "Wrong category"},
		"Meta: the token":               {cloudSystem, "", kirimtest.Fault{Status: 401, Body: graphError(t, 190, 463, "", "", "")}, "", 9, ""},
		"a proxy":                       {cloudSystem, "", kirimtest.Fault{Status: 403, Body: "<html>components[0]"}, "", 9, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSandbox(t, tt.system, nil, templates.WithUploads("1"), templates.WithFetchedLinks(nil))
				tt.fault.Method, tt.fault.Path = http.MethodPost, creations(tt.system)
				s.AddFault(tt.fault)
				text := tt.file
				if text == "" {
					text = refusedFile
				}
				f := fileNamed(t, "order.yaml", text)
				_, err := templates.Push(t.Context(), s.account, []*templates.File{f}, templates.PushOptions{})
				var refused *templates.PushError
				if !errors.As(err, &refused) {
					t.Fatalf("%v", err)
				}
				if refused.Field != tt.field || refused.Line != tt.line || !strings.Contains(refused.Reason, tt.reason) || refused.Path != "order.yaml" || refused.InDoubt {
					t.Errorf("%q at line %d: %q, want %q at line %d", refused.Field, refused.Line, refused.Reason, tt.field, tt.line)
				}
				var answer *kirim.Error
				if !errors.As(err, &answer) || answer.StatusCode != tt.fault.Status {
					t.Errorf("the error is %v", err)
				}
				if tt.reason != "" && !strings.Contains(err.Error(), tt.reason) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

func TestARefusalInRawComponentsIsAtItsLine(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, kirimSystem, nil)
	s.AddFault(kirimtest.Fault{Method: http.MethodPost, Path: creations(kirimSystem), Status: 400, Code: "invalid_field_value", Param: "components[1].buttons[0].text"})
	f := fileNamed(t, "order.yaml", "name: a\ncategory: utility\nlanguages:\n  en:\n    components:\n      - {type: BODY, text: Hi}\n      - type: BUTTONS\n        buttons:\n          - type: QUICK_REPLY\n            text: Yes\n")
	_, err := templates.Push(t.Context(), s.account, []*templates.File{f}, templates.PushOptions{})
	var refused *templates.PushError
	if !errors.As(err, &refused) || refused.Field != "languages.en.components[1].buttons[0].text" || refused.Line != 10 {
		t.Errorf("%+v", refused)
	}
}

func TestARefusalIsOneLineThatATerminalCanShow(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, cloudSystem, nil)
	s.AddFault(kirimtest.Fault{Method: http.MethodPost, Status: 400, Body: graphError(t, 100, 2388072, "Bad", "Line 1\nLine\x1b]0;x\x07 2 "+strings.Repeat("x", 5000), "")})
	_, err := templates.Push(t.Context(), s.account, []*templates.File{orderWith(t)}, templates.PushOptions{})
	text := err.Error()
	const want = "templates: order_update.yaml:9:11: languages.en.body: create order_update (en): POST "
	if strings.ContainsAny(text, "\n\x1b\x07") || len(text) > 3000 || !strings.HasPrefix(text, want) {
		t.Errorf("%.400s", text)
	}
}
