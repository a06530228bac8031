package kirimtest

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestTemplatesAtMetaAreThoseAtKirim(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	templates := "/" + s.WABAID + "/message_templates"
	const order = `{"name":"order_ready","language":"id","category":"utility","components":[{"type":"body","text":"Order {{1}} is ready."}]}`
	r := meta(t, s, "POST", templates, order)
	wantMeta(t, r, 200, 0, 0)
	made := decoded(t, []byte(r.body))
	id := made["id"].(string)
	if made["status"] != "PENDING" || made["category"] != "UTILITY" {
		t.Errorf("made %v", made)
	}
	wantMeta(t, meta(t, s, "POST", templates, order), 400, 100, 2388024)
	wantMeta(t, meta(t, s, "POST", templates, strings.Replace(order, "order_ready", "Order Ready", 1)), 400, 100, 0)
	wantMeta(t, metaSend(t, s, metaFilled("order_ready", "A-17")), 404, 132001, 0)
	clock.Advance(2 * time.Second)
	wantMeta(t, metaSend(t, s, metaFilled("order_ready", "A-17")), 200, 0, 0)
	if r := do(t, s, "GET", "/v1/"+s.PhoneNumberID+"/templates/order_ready", ""); r.data["status"] != "approved" {
		t.Errorf("at Kirim: %s", r.body)
	}

	wantMeta(t, meta(t, s, "POST", "/"+id, `{"components":[{"type":"BODY","text":"It is ready."}]}`), 200, 0, 0)
	wantMeta(t, meta(t, s, "POST", "/"+id, `{"components":[{"type":"BODY","text":"Again."}]}`), 400, 100, 0) // it is under review
	clock.Advance(2 * time.Second)
	wantMeta(t, meta(t, s, "POST", "/"+id, `{"category":"MARKETING"}`), 400, 100, 0)
	wantMeta(t, metaSend(t, s, metaFilled("order_ready", "A-17")), 400, 132000, 0)
	wantMeta(t, metaSend(t, s, metaFilled("order_ready")), 200, 0, 0)
	if got := decoded(t, []byte(meta(t, s, "GET", "/"+id, "").body)); got["name"] != "order_ready" || got["status"] != "APPROVED" || dig(got, "components.text") != "It is ready." {
		t.Errorf("got %v", got)
	}

	wantMeta(t, meta(t, s, "DELETE", templates, ""), 400, 100, 0)
	wantMeta(t, meta(t, s, "DELETE", templates+"?name=order_ready&hsm_id=7", ""), 400, 100, 0)
	wantMeta(t, meta(t, s, "DELETE", templates+"?name=order_ready", ""), 200, 0, 0)
	wantMeta(t, meta(t, s, "GET", "/"+id, ""), 400, 100, 33)
	wantMeta(t, metaSend(t, s, metaFilled("order_ready")), 404, 132001, 0)
	wantMeta(t, meta(t, s, "POST", templates, order), 400, 100, 2388023)
	clock.Advance(30 * day)
	wantMeta(t, meta(t, s, "POST", templates, order), 200, 0, 0)
	wantMeta(t, meta(t, s, "DELETE", templates+"?name=appointment_reminder", ""), 200, 0, 0) // in both languages
	if r := do(t, s, "GET", "/v1/"+s.PhoneNumberID+"/templates/appointment_reminder", ""); r.status != 404 {
		t.Errorf("at Kirim: %d", r.status)
	}
}

func TestTemplatesAtMetaComeInPages(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	at, names := "/"+s.WABAID+"/message_templates?limit=3&fields=name,language", []string{}
	pages := 0
	for at != "" {
		r := meta(t, s, "GET", at, "")
		wantMeta(t, r, 200, 0, 0)
		pages++
		page := decoded(t, []byte(r.body))
		for _, row := range page["data"].([]any) {
			row := row.(map[string]any)
			names = append(names, row["name"].(string)+"/"+row["language"].(string))
			if row["id"] == nil || row["status"] != nil {
				t.Errorf("the fields of %v", row)
			}
		}
		next, _ := dig(page, "paging.next").(string)
		u, err := url.Parse(next)
		if err != nil {
			t.Fatal(err)
		}
		at = strings.TrimPrefix(u.RequestURI(), "/v25.0")
		if next == "" {
			at = ""
		}
	}
	const want = "hello_world/en_US legacy_disabled/id promo_paused/id login_code/id appointment_reminder/en appointment_reminder/id order_update/id"
	if got := strings.Join(names, " "); got != want || pages != 3 {
		t.Errorf("%d pages, %s", pages, got)
	}
	for query, want := range map[string]int{"name=appointment_reminder": 2, "status=PAUSED": 1, "category=AUTHENTICATION": 1, "language=en_US": 1, "name=none": 0} {
		r := meta(t, s, "GET", "/"+s.WABAID+"/message_templates?"+query, "")
		if got := len(decoded(t, []byte(r.body))["data"].([]any)); got != want {
			t.Errorf("%s: %d", query, got)
		}
	}
	wantMeta(t, meta(t, s, "GET", "/"+s.WABAID+"/message_templates?after=x", ""), 400, 100, 0)
}

func TestNumbersAreRegisteredAndDeregistered(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	number := "/" + s.PhoneNumberID
	list := meta(t, s, "GET", "/"+s.WABAID+"/phone_numbers?fields=display_phone_number,status", "")
	if got := dig(decoded(t, []byte(list.body)), "data"); dig(got, "id") != s.PhoneNumberID || dig(got, "status") != "CONNECTED" || dig(got, "verified_name") != nil {
		t.Errorf("the list is %s", list.body)
	}
	wantMeta(t, meta(t, s, "POST", number+"/deregister", ""), 200, 0, 0)
	wantMeta(t, metaSend(t, s, metaFilled("order_update", "A-17")), 400, 133010, 0)
	if r := post(t, s, textBody); r.code() != "whatsapp_number_not_verified" {
		t.Errorf("at Kirim: %s", r.body)
	}
	wantMeta(t, meta(t, s, "POST", number+"/register", `{"messaging_product":"whatsapp","pin":"12345"}`), 400, 100, 0)
	wantMeta(t, meta(t, s, "POST", number+"/register", `{"messaging_product":"whatsapp","pin":"123456"}`), 200, 0, 0)
	wantMeta(t, meta(t, s, "POST", number+"/register", `{"messaging_product":"whatsapp","pin":"654321"}`), 400, 133005, 0)
	wantMeta(t, meta(t, s, "POST", number, `{"pin":"65432"}`), 400, 100, 0)
	wantMeta(t, meta(t, s, "POST", number, `{"pin":"654321"}`), 200, 0, 0)
	wantMeta(t, meta(t, s, "POST", number+"/register", `{"messaging_product":"whatsapp","pin":"654321"}`), 200, 0, 0)
	wantMeta(t, metaSend(t, s, metaFilled("order_update", "A-17")), 200, 0, 0)
	if got := decoded(t, []byte(meta(t, s, "GET", number, "").body)); got["display_phone_number"] != "+6281100000000" || got["verified_name"] != "Sandbox" {
		t.Errorf("got %v", got)
	}
}
