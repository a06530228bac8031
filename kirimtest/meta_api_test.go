package kirimtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestMetaRefusesAnAccessTokenThatIsNotGood(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	expired := s.AddAccessToken(Key{ExpiresAt: epoch.Add(time.Hour)})
	revoked := s.AddAccessToken(Key{})
	s.RevokeKey(revoked)
	clock.Advance(time.Hour)
	for name, tt := range map[string]struct {
		header          string
		status, subcode int
	}{
		"none":            {"", 401, 0},
		"an unknown one":  {"Bearer EAAexample", 401, 0},
		"Kirim's key":     {"Bearer " + s.APIKey, 401, 0},
		"one that ended":  {"Bearer " + expired, 401, 463},
		"one revoked":     {"Bearer " + revoked, 401, 460},
		"another scheme":  {"Basic " + s.AccessToken, 401, 0},
		"the right token": {"Bearer " + s.AccessToken, 200, 0},
	} {
		r := meta(t, s, "GET", "/"+s.PhoneNumberID, "", func(r *http.Request) { r.Header.Set("Authorization", tt.header) })
		code := 190
		if tt.status == 200 {
			code = 0
		}
		t.Log(name)
		wantMeta(t, r, tt.status, code, tt.subcode)
	}
	if r := post(t, s, textBody, bearer(s.AccessToken)); r.status != 401 {
		t.Errorf("Kirim took an access token of Meta's: %d", r.status)
	}
}

func TestMetaChecksTheProofOfTheAppSecret(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	mac := hmac.New(sha256.New, []byte(s.AppSecret))
	mac.Write([]byte(s.AccessToken))
	proof := hex.EncodeToString(mac.Sum(nil))
	wantMeta(t, meta(t, s, "GET", "/"+s.PhoneNumberID+"?appsecret_proof="+proof, ""), 200, 0, 0)
	wantMeta(t, meta(t, s, "GET", "/"+s.PhoneNumberID+"?appsecret_proof="+proof[1:], ""), 400, 100, 0)
}

func TestWhatTheTwinDoesNotHaveIsAnUnknownObject(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	other := s.AddOrganization()
	for path, status := range map[string]int{
		"/" + other.PhoneNumberID:                       400,
		"/123456789":                                    400,
		"/" + other.WABAID + "/message_templates":       400,
		"/" + s.PhoneNumberID + "/phone_numbers":        400,
		"/" + s.PhoneNumberID + "/whatsapp_commerce":    404,
		"/" + s.PhoneNumberID + "/calls/and/more/paths": 404,
	} {
		t.Log(path)
		wantMeta(t, meta(t, s, "GET", path, ""), status, 100, 33)
	}
	r := meta(t, other, "GET", "/"+other.PhoneNumberID, "")
	if wantMeta(t, r, 200, 0, 0); !strings.Contains(r.body, other.PhoneNumberID) {
		t.Error(r.body)
	}
	if r := do(t, s, "GET", "/v17.0/"+s.PhoneNumberID, "", bearer(s.AccessToken)); r.status != 200 || r.header.Get("Facebook-Api-Version") != "v17.0" {
		t.Errorf("another version: %d, %s", r.status, r.header.Get("Facebook-Api-Version"))
	}
}

func TestASuspendedOrganizationIsALockedAccountAtMeta(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Plan{WithoutAPI: true}))
	s.SetSuspended(true)
	wantMeta(t, metaSend(t, s, metaText), 403, 131031, 0)
	s.SetSuspended(false)
	wantMeta(t, metaSend(t, s, metaText), 200, 0, 0) // Kirim's plan is not Meta's
}

func TestFaultsHarmRequestsToMetaAsTheyDoThoseToKirim(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault                 Fault
		status, code, subcode int
	}{
		"a code of Meta's":        {Fault{Status: 400, Code: "131026"}, 400, 131026, 0},
		"one it does not list":    {Fault{Status: 400, Code: "131999"}, 400, 131999, 0},
		"a code of Kirim's":       {Fault{Status: 400, Code: "template_paused"}, 400, 132015, 0},
		"a status alone":          {Fault{Status: 503}, 503, 2, 0},
		"a server error":          {Fault{Status: 500}, 500, 131000, 0},
		"a status of no code":     {Fault{Status: 418}, 418, 131009, 0},
		"a token that is no more": {Fault{Status: 401, Code: "expired_api_key"}, 401, 190, 463},
	} {
		s, _ := inMemory(t)
		tt.fault.Path = "/*/*/messages"
		s.AddFault(tt.fault)
		t.Log(name)
		wantMeta(t, metaSend(t, s, metaText), tt.status, tt.code, tt.subcode)
		if n := s.MessageCount(); n != 0 {
			t.Errorf("%s: %d messages", name, n)
		}
	}

	s, _ := inMemory(t)
	send := func() error {
		_, err := try(t.Context(), s, "POST", "/v25.0/"+s.PhoneNumberID+"/messages", metaBodyOf(metaFilled("order_update", "A-17")), bearer(s.AccessToken))
		return err
	}
	s.AddFault(Fault{Processed: true, Drop: true})
	if err := send(); !errors.Is(err, io.ErrUnexpectedEOF) || s.MessageCount() != 1 {
		t.Errorf("dropped: %v, %d messages", err, s.MessageCount())
	}
	s.AddFault(Fault{Cut: true})
	if err := send(); !errors.Is(err, io.ErrUnexpectedEOF) || s.MessageCount() != 2 {
		t.Errorf("cut: %v, %d messages", err, s.MessageCount())
	}
	s.AddFault(Fault{Twice: true})
	if err := send(); err != nil || s.MessageCount() != 4 {
		t.Errorf("twice: %v, %d messages", err, s.MessageCount())
	}
	s.AddFault(Fault{Status: 502, Body: "<html>oops</html>"})
	if r := metaSend(t, s, metaText); r.status != 502 || r.body != "<html>oops</html>" || r.header.Get("X-Fb-Trace-Id") != "" {
		t.Errorf("as from a proxy: %d %s %v", r.status, r.body, r.header)
	}
}

func TestASlowResponseOfMetasComesLate(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	s.AddFault(Fault{Slow: time.Minute})
	done := make(chan result)
	go func() { done <- metaSend(t, s, metaFilled("order_update", "A-17")) }()
	clock.BlockUntil(1)
	if s.MessageCount() != 1 {
		t.Error("it took no effect at once")
	}
	clock.Advance(time.Minute)
	wantMeta(t, <-done, 200, 0, 0)
}
