package kirimtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestFlowsAreKeptByTheirIDs(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	s.PutFlow(Flow{ID: "1", Name: "table", JSON: json.RawMessage(`{"version":"7.1"}`), Endpoint: "http://127.0.0.1:1"})
	s.PutFlow(Flow{Name: "survey", JSON: json.RawMessage(`{}`)})
	journal := s.Journal()
	defer journal.Close()
	s.PutFlow(Flow{ID: "1", JSON: json.RawMessage(`{"version":"6.0"}`)})
	names := func(s *Server) (list []string) {
		for _, f := range s.Flows() {
			list = append(list, f.ID+" "+f.Name+" "+string(f.JSON))
		}
		return list
	}
	want := []string{`1 1 {"version":"6.0"}`, "survey survey {}"}
	if got := names(s); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if changes := journal.Take(); len(changes) != 1 || changes[0].Kind != ChangeSettings {
		t.Errorf("changes %+v", changes)
	}
	again := restarted(t, s, WithClock(clock))
	if got := names(again); !slices.Equal(got, want) {
		t.Errorf("after a restart: %q", got)
	}
	if !again.DeleteFlow("1") || again.DeleteFlow("1") || len(again.Flows()) != 1 {
		t.Errorf("after it was deleted: %q", names(again))
	}
}

func TestThePublicKeyOfANumberIsRegisteredAtMeta(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	encoded := func(bits int) string {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	public := encoded(2048)
	path := "/" + s.PhoneNumberID + "/whatsapp_business_encryption"
	if got := meta(t, s, "GET", path, ""); !strings.Contains(got.body, `"data":[]`) {
		t.Errorf("without a key: %s", got.body)
	}
	asJSON, _ := json.Marshal(map[string]string{"business_public_key": public})
	wantMeta(t, meta(t, s, "POST", path, string(asJSON)), 200, 0, 0)
	if s.FlowKey(s.PhoneNumberID) != public || s.FlowKey("0") != "" {
		t.Error("the key is another")
	}
	form := url.Values{"business_public_key": {public}}.Encode()
	wantMeta(t, meta(t, s, "POST", path, form, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }), 200, 0, 0)
	for name, body := range map[string]string{"nothing": "{}", "no JSON": "x", "no PEM": `{"business_public_key":"x"}`, "too short": func() string {
		data, _ := json.Marshal(map[string]string{"business_public_key": encoded(1024)})
		return string(data)
	}()} {
		if got := meta(t, s, "POST", path, body); got.status != 400 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := meta(t, s, "POST", "/12345/whatsapp_business_encryption", string(asJSON)); got.status != 400 && got.status != 404 {
		t.Errorf("another number: %d", got.status)
	}
	if got := meta(t, s, "GET", path, ""); !strings.Contains(got.body, "VALID") {
		t.Errorf("%s", got.body)
	}
	if again := restarted(t, s, WithClock(clock)); again.FlowKey(again.PhoneNumberID) != public {
		t.Error("the key is gone after a restart")
	}
}
