package kirim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

// What the vendor's guide on failed sends shows of a message, and what else may
// come in its place.
func TestAMessageSaysWhyItFailed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body string // of the error
		code kirim.ErrorCode
		meta int
		kind kirim.Kind
		is   func(error) bool
	}{
		{`{"code":"outside_24h_window","message":"m","provider_code":131047}`, kirim.CodeOutside24hWindow, 131047, kirim.KindOutsideWindow, kirim.IsOutside24hWindow},
		{`{"code":"outside_24h_window","message":"m","provider_code":"131047"}`, kirim.CodeOutside24hWindow, 131047, kirim.KindOutsideWindow, kirim.IsOutside24hWindow},
		{`{"code":"outside_24h_window"}`, kirim.CodeOutside24hWindow, 0, kirim.KindOutsideWindow, kirim.IsOutside24hWindow},
		{`{"code":"template_paused","provider_code":132015}`, kirim.CodeTemplatePaused, 132015, kirim.KindTemplateUnavailable, kirim.IsTemplateUnavailable},
		{`{"code":"template_disabled","provider_code":132016}`, kirim.CodeTemplateDisabled, 132016, kirim.KindTemplateUnavailable, kirim.IsTemplateUnavailable},
		{`{"code":"template_param_count_mismatch","provider_code":132000}`, kirim.CodeTemplateParamCountMismatch, 132000, kirim.KindInvalidRequest, nil},
		// To Meta the number means that the template does not exist.
		{`{"code":"template_param_format_mismatch","provider_code":132001}`, kirim.CodeTemplateParamFormatMismatch, 132001, kirim.KindInvalidRequest, nil},
		{`{"code":"recipient_not_on_whatsapp","provider_code":1006}`, kirim.CodeRecipientNotOnWhatsApp, 1006, kirim.KindRecipientUnavailable, nil},
		{`{"code":"recipient_blocked","provider_code":1013}`, kirim.CodeRecipientBlocked, 1013, kirim.KindRecipientUnavailable, nil},
		{`{"code":"media_download_failed","provider_code":131053}`, kirim.CodeMediaDownloadFailed, 131053, kirim.KindMediaInvalid, nil},
		{`{"code":"rate_limit_exceeded"}`, kirim.CodeRateLimitExceeded, 0, kirim.KindRateLimited, kirim.IsRateLimited},
		// The list is open: the number decides, where it is known.
		{`{"code":"a_new_word","provider_code":131047}`, "a_new_word", 131047, kirim.KindOutsideWindow, kirim.IsOutside24hWindow},
		{`{"code":"a_new_word","provider_code":9}`, "a_new_word", 9, kirim.KindUnknown, nil},
		{`{"code":131047,"title":"Re-engagement message"}`, "", 131047, kirim.KindOutsideWindow, kirim.IsOutside24hWindow},
		{`{"code":"131047"}`, "", 131047, kirim.KindOutsideWindow, kirim.IsOutside24hWindow},
		// A word that says no more than that it failed.
		{`{"code":"whatsapp_upstream_error","provider_code":131047}`, kirim.CodeWhatsAppUpstreamError, 131047, kirim.KindOutsideWindow, kirim.IsOutside24hWindow},
		{`{"code":"whatsapp_upstream_error"}`, kirim.CodeWhatsAppUpstreamError, 0, kirim.KindUpstream, kirim.IsUpstream},
		{`{}`, "", 0, kirim.KindUnknown, nil},
	} {
		status := `{"id":"wamid.1","status":"failed","error":` + tt.body + `}`
		for name, err := range map[string]error{
			"the message": messageError(t, tt.body),
			"its event":   statusError(t, status),
		} {
			var code kirim.ErrorCode
			var kind kirim.Kind
			var answer *kirim.Error
			var late *kirim.MessageError
			if !errors.As(err, &kind) || kind != tt.kind || !errors.Is(err, tt.kind) {
				t.Errorf("%s: %s: kind %q, want %q", name, tt.body, kind, tt.kind)
			}
			if errors.As(err, &code) != (tt.code != "") || code != tt.code || tt.code != "" && !errors.Is(err, tt.code) {
				t.Errorf("%s: %s: code %q, want %q", name, tt.body, code, tt.code)
			}
			if !errors.As(err, &answer) || answer.Code != tt.code || answer.Kind != tt.kind || answer.MetaCode != tt.meta || answer.StatusCode != 0 {
				t.Errorf("%s: %s: as an Error %#v", name, tt.body, answer)
			}
			if !errors.As(err, &late) || late.Code != tt.code || late.Kind != tt.kind || late.MetaCode != tt.meta {
				t.Errorf("%s: %s: as a MessageError %#v", name, tt.body, late)
			}
			wrapped := fmt.Errorf("order 7: %w", err)
			if tt.is != nil && !tt.is(wrapped) || kirim.MaybeSent(wrapped) || kirim.MaybeSent(answer) {
				t.Errorf("%s: %s: the questions are not answered, MaybeSent %v", name, tt.body, kirim.MaybeSent(wrapped))
			}
		}
	}
}

func messageError(t *testing.T, body string) *kirim.MessageError {
	t.Helper()
	var m kirim.Message
	if err := json.Unmarshal([]byte(`{"id":"msg_1","status":"failed","error":`+body+`}`), &m); err != nil || m.Error == nil {
		t.Fatalf("%s: %+v, %v", body, m, err)
	}
	return m.Error
}

func statusError(t *testing.T, status string) error {
	t.Helper()
	e := mustDecode(t, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"statuses":[`+status+`]}}]}]}`)
	return e.Data[0].(*kirim.StatusUpdate).Err()
}

func TestAMessageThatDidNotFailHasAnErrorThatAnswersNo(t *testing.T) {
	t.Parallel()
	var m kirim.Message
	if kirim.IsOutside24hWindow(m.Error) || kirim.IsTemporary(m.Error) || kirim.MaybeSent(m.Error) || errors.Is(m.Error, kirim.CodeRecipientBlocked) {
		t.Error("it answers yes")
	}
	if m.Error.Error() == "" || m.Error.LogValue().String() != "none" {
		t.Errorf("it says %q, %v", m.Error.Error(), m.Error.LogValue())
	}
}

func TestTheErrorOfAMessageIsWrittenBackAsItCame(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"id":"msg_1","error":{"code":"recipient_blocked","provider_code":1013,"later":[1]}}`,
		`{"id":"msg_1","error":null}`, `{"id":"msg_1","error":"text"}`, `{"id":"msg_1","error":[1]}`,
	} {
		var m kirim.Message
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		back, err := json.Marshal(m)
		var want, got any
		if err != nil || json.Unmarshal([]byte(body), &want) != nil || json.Unmarshal(back, &got) != nil || fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("%s became %s, %v", body, back, err)
		}
	}
}

func TestTheErrorOfAMessageShowsNoWordsOfTheServer(t *testing.T) {
	t.Parallel()
	err := messageError(t, `{"code":"recipient_blocked","message":"+6281100000001 said Dear customer","provider_code":1013}`)
	text := err.Error() + fmt.Sprintf("%v", err.LogValue())
	var answer *kirim.Error
	if errors.As(err, &answer) {
		text += answer.Error()
	}
	if strings.Contains(text, "6281100000001") || strings.Contains(text, "Dear") {
		t.Errorf("it shows %s", text)
	}
	wantText(t, err, "kirim: the message failed recipient_blocked")
	wantText(t, err, "meta code 1013")
}
