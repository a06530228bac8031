package cloudapi_test

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/internal/testwire"
)

const testAccount = "100000000000001"

type (
	ctx  = context.Context
	opts = []kirim.RequestOption
)

// operation is one method, ready to be called, with what it sends and gets.
type operation struct {
	name  string
	route string // method and path, with PHONE, WABA and ID for ids
	query string // decoded
	body  string // of the request, as JSON; empty for none
	reply string // of the server
	want  any    // what it returns; nil for an error alone
	twice bool   // is retried when it is in doubt
	call  func(x ctx, p *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error)
}

const (
	okDone = `{"success":true}`
	okNone = `{"data":[]}`
)

// nothing adapts a call that returns an error alone.
func nothing(err error) (any, error) { return nil, err }

// result adapts a call that returns a value.
func result[T any](value T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return value, nil
}

// drained adapts an iterator: its items, and the error that ended it.
func drained[T any](seq iter.Seq2[*T, error]) (any, error) {
	var items []*T
	for item, err := range seq {
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

func items[T any](list ...T) []*T {
	var pointers []*T
	for i := range list {
		pointers = append(pointers, &list[i])
	}
	return pointers
}

func lastPage[T any](list ...T) *kirim.Page[T] { return &kirim.Page[T]{Items: items(list...)} }

func at(seconds int64) cloudapi.Time { return cloudapi.Time{Time: time.Unix(seconds, 0).UTC()} }

// operations are all that is managed, beside templates.
func operations() []operation {
	return slices.Concat(accountOperations(), numberOperations(), qrOperations(), flowOperations(), analyticsOperations(), templateOperations())
}

// run makes the call of an operation, to a server that says reply.
func (op operation) run(t *testing.T, wire *testwire.Wire, id string, o ...kirim.RequestOption) (any, error) {
	t.Helper()
	c := newClient(t, wire)
	return op.call(t.Context(), c.PhoneNumber(testNumber), c.Account(testAccount), id, o)
}

func TestEachOperationSendsWhatMetaTakesAndReadsWhatItSays(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			wire := testwire.Answering(200, op.reply)
			got, err := op.run(t, wire, "300/1")
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, op.want) {
				t.Errorf("got %s\nwant %s", dump(got), dump(op.want))
			}
			requests := wire.Requests()
			if len(requests) != 1 {
				t.Fatalf("%d requests", len(requests))
			}
			checkRequest(t, op, requests[0])
		})
	}
}

func checkRequest(t *testing.T, op operation, r testwire.Request) {
	t.Helper()
	sent, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	route := strings.NewReplacer("PHONE", testNumber, "WABA", testAccount, "ID", "300%2F1").Replace(op.route)
	if got := r.Method + " " + strings.TrimPrefix(sent.EscapedPath(), "/prefix/v1"); got != route {
		t.Errorf("sent %s, want %s", got, route)
	}
	if query, _ := url.QueryUnescape(sent.RawQuery); query != op.query {
		t.Errorf("query %q, want %q", query, op.query)
	}
	if op.body == "" && r.Body != "" || op.body != "" && op.body != "multipart" && !sameJSON(t, r.Body, op.body) {
		t.Errorf("body %s\nwant %s", r.Body, op.body)
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}

func dump(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// A method that makes requests and is in no table is untested.
func TestNoOperationIsForgotten(t *testing.T) {
	t.Parallel()
	var known []string
	for _, op := range operations() {
		known = append(known, op.name)
	}
	// Those of the core have tests of their own.
	own := []string{"Send", "MarkRead", "ShowTyping"}
	for prefix, ty := range map[string]reflect.Type{
		"":                reflect.TypeFor[*cloudapi.PhoneNumber](),
		"Account.":        reflect.TypeFor[*cloudapi.Account](),
		"Templates.":      reflect.TypeFor[*cloudapi.TemplatesService](),
		"Flows.":          reflect.TypeFor[*cloudapi.FlowsService](),
		"PhoneNumbers.":   reflect.TypeFor[*cloudapi.PhoneNumbersService](),
		"SubscribedApps.": reflect.TypeFor[*cloudapi.SubscribedAppsService](),
		"Analytics.":      reflect.TypeFor[*cloudapi.AnalyticsService](),
		"Profile.":        reflect.TypeFor[*cloudapi.ProfileService](),
		"BlockedUsers.":   reflect.TypeFor[*cloudapi.BlockedUsersService](),
		"QRCodes.":        reflect.TypeFor[*cloudapi.QRCodesService](),
		"Settings.":       reflect.TypeFor[*cloudapi.SettingsService](),
		"PublicKey.":      reflect.TypeFor[*cloudapi.PublicKeyService](),
		"Automation.":     reflect.TypeFor[*cloudapi.AutomationService](),
	} {
		for i := range ty.NumMethod() {
			m := ty.Method(i)
			name := prefix + m.Name
			if m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() && !slices.Contains(own, m.Name) &&
				!slices.ContainsFunc(known, func(k string) bool { return k == name || strings.HasPrefix(k, name+" ") }) {
				t.Errorf("%s is in no table", name)
			}
		}
	}
}

func accountOperations() []operation {
	return []operation{
		{name: "Account.Get", route: "GET /WABA", query: "fields=id,name", reply: `{"id":"100000000000001","name":"Toko","timezone_id":"54","account_review_status":"APPROVED","future":1}`,
			want: &cloudapi.AccountInfo{ID: testAccount, Name: "Toko", TimezoneID: "54", AccountReviewStatus: "APPROVED"}, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Get(x, cloudapi.AccountGetParams{Fields: []string{"id", "name"}}, o...))
			}},
		{name: "Account.Update", route: "POST /WABA", body: `{"name":"Toko Baru"}`, reply: okDone, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(a.Update(x, cloudapi.AccountUpdateParams{Name: "Toko Baru"}, o...))
			}},
		{name: "SubscribedApps.Subscribe", route: "POST /WABA/subscribed_apps", body: `{}`, reply: okDone, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(a.SubscribedApps().Subscribe(x, nil, o...))
			}},
		{name: "SubscribedApps.Subscribe elsewhere", route: "POST /WABA/subscribed_apps", body: `{"override_callback_uri":"https://hook.example/wa","verify_token":"EXAMPLE"}`,
			reply: `{"success":true,"data":[{"override_callback_uri":"https://hook.example/wa"}]}`, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(a.SubscribedApps().Subscribe(x, &cloudapi.CallbackOverride{URL: "https://hook.example/wa", VerifyToken: "EXAMPLE"}, o...))
			}},
		{name: "SubscribedApps.Unsubscribe", route: "DELETE /WABA/subscribed_apps", reply: okDone, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(a.SubscribedApps().Unsubscribe(x, o...))
			}},
		{name: "SubscribedApps.List", route: "GET /WABA/subscribed_apps", query: "after=c1", reply: `{"data":[{"whatsapp_business_api_data":{"id":"400","name":"Bot"},"override_callback_uri":"https://hook.example/wa"}]}`,
			want: lastPage(subscribed("400", "Bot", "https://hook.example/wa")), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.SubscribedApps().List(x, cloudapi.SubscribedAppListParams{Cursor: "c1"}, o...))
			}},
		{name: "SubscribedApps.All", route: "GET /WABA/subscribed_apps", reply: `{"data":[{"whatsapp_business_api_data":{"id":"400","name":"Bot"}},null]}`,
			want: items(subscribed("400", "Bot", "")), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return drained(a.SubscribedApps().All(x, cloudapi.SubscribedAppListParams{}, o...))
			}},
		{name: "PhoneNumbers.List", route: "GET /WABA/phone_numbers", query: "after=c1&fields=id,username&limit=2&sort=creation_time.asc",
			reply: `{"data":[{"id":"200","username":null,"is_official_business_account":true,"throughput":{"level":"HIGH"}}],"paging":{"cursors":{"after":"c2"},"next":"https://elsewhere.example/"}}`,
			want:  &kirim.Page[cloudapi.PhoneNumberInfo]{Items: items(officialNumber()), HasMore: true, NextCursor: "c2"}, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.PhoneNumbers().List(x, cloudapi.PhoneNumberListParams{Fields: []string{"id", "username"}, Sort: "creation_time.asc", Limit: 2, Cursor: "c1"}, o...))
			}},
		{name: "PhoneNumbers.All", route: "GET /WABA/phone_numbers", reply: `{"data":[{"id":"200","display_phone_number":"+62 811-0000-0001","quality_rating":"GREEN"}],"paging":{"cursors":{"after":"c2"}}}`,
			want: items(cloudapi.PhoneNumberInfo{ID: "200", DisplayPhoneNumber: "+62 811-0000-0001", QualityRating: "GREEN"}), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return drained(a.PhoneNumbers().All(x, cloudapi.PhoneNumberListParams{}, o...))
			}},
		{name: "PhoneNumbers.Create", route: "POST /WABA/phone_numbers", body: `{"cc":"62","phone_number":"81100000001","verified_name":"Toko","migrate_phone_number":true}`, reply: `{"id":"200"}`,
			want: &cloudapi.PhoneNumberInfo{ID: "200"},
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.PhoneNumbers().Create(x, cloudapi.PhoneNumberCreateParams{CountryCode: "62", PhoneNumber: "81100000001", VerifiedName: "Toko", Migrate: true}, o...))
			}},
	}
}

func subscribed(id, name, override string) (app cloudapi.SubscribedApp) {
	app.App.ID, app.App.Name, app.OverrideCallbackURL = id, name, override
	return app
}

func officialNumber() cloudapi.PhoneNumberInfo {
	info := cloudapi.PhoneNumberInfo{ID: "200", IsOfficialBusinessAccount: true}
	info.Throughput.Level = "HIGH"
	return info
}

func numberOperations() []operation {
	yes, empty := true, ""
	return []operation{
		{name: "Get", route: "GET /PHONE", query: "fields=name_status", reply: `{"id":"200000000000001","name_status":"APPROVED"}`,
			want: &cloudapi.PhoneNumberInfo{ID: testNumber, NameStatus: "APPROVED"}, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.Get(x, cloudapi.PhoneNumberGetParams{Fields: []string{"name_status"}}, o...))
			}},
		{name: "Update", route: "POST /PHONE", body: `{"search_visibility":"HIDDEN","whatsapp_business_api_data":{"show_security_notifications":true},"webhook_configuration":{"override_callback_uri":""}}`, reply: okDone, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(p.Update(x, cloudapi.PhoneNumberUpdateParams{SearchVisibility: "HIDDEN", APIData: &cloudapi.BusinessAPIData{ShowSecurityNotifications: &yes}, Webhook: &cloudapi.CallbackOverride{}}, o...))
			}},
		{name: "SetPIN", route: "POST /PHONE", body: `{"pin":"000000"}`, reply: okDone, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(p.SetPIN(x, "000000", o...))
			}},
		{name: "Register", route: "POST /PHONE/register", body: `{"messaging_product":"whatsapp","pin":"000000","data_localization_region":"ID"}`, reply: okDone,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(p.Register(x, cloudapi.RegisterParams{PIN: "000000", Region: "ID"}, o...))
			}},
		{name: "Deregister", route: "POST /PHONE/deregister", reply: okDone,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(p.Deregister(x, o...))
			}},
		{name: "RequestCode", route: "POST /PHONE/request_code", body: `{"code_method":"VOICE","language":"id_ID"}`, reply: okDone,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(p.RequestCode(x, cloudapi.CodeVoice, "id_ID", o...))
			}},
		{name: "VerifyCode", route: "POST /PHONE/verify_code", body: `{"code":"000000"}`, reply: `{"success":true,"id":"200000000000001"}`,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(p.VerifyCode(x, "000000", o...))
			}},
		{name: "Settings.Get", route: "GET /PHONE/settings", reply: `{"calling":{"status":"enabled","video":{"status":"disabled"}},"user_identity_change":{"enabled":true},"storage_configuration":{"status":"default"}}`,
			want: &cloudapi.Settings{Calling: cloudapi.CallingSettings{Status: "enabled", Video: cloudapi.FeatureStatus{Status: "disabled"}}, UserIdentity: &cloudapi.IdentityCheck{Enabled: true}, Storage: cloudapi.StorageSettings{Status: "default"}}, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.Settings().Get(x, o...))
			}},
		{name: "Settings.Update", route: "POST /PHONE/settings", body: `{"user_identity_change":{"enabled":false},"calling":{"status":"disabled"}}`, reply: okDone, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(p.Settings().Update(x, cloudapi.SettingsUpdateParams{UserIdentity: &cloudapi.IdentityCheck{}, Calling: &cloudapi.CallingUpdate{Status: "disabled"}}, o...))
			}},
		{name: "Profile.Get", route: "GET /PHONE/whatsapp_business_profile", query: "fields=about,websites", reply: `{"data":[{"about":"Halo","websites":["https://toko.example/"],"messaging_product":"whatsapp"}]}`,
			want: &cloudapi.Profile{About: "Halo", Websites: []string{"https://toko.example/"}}, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.Profile().Get(x, cloudapi.ProfileGetParams{Fields: []string{"about", "websites"}}, o...))
			}},
		{name: "Profile.Get as the description has it", route: "GET /PHONE/whatsapp_business_profile", reply: `{"data":[{"business_profile":{"about":"Halo","vertical":"RETAIL"}}]}`,
			want: &cloudapi.Profile{About: "Halo", Vertical: "RETAIL"}, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.Profile().Get(x, cloudapi.ProfileGetParams{}, o...))
			}},
		{name: "Profile.Update", route: "POST /PHONE/whatsapp_business_profile", body: `{"messaging_product":"whatsapp","email":"","websites":[],"vertical":"RETAIL"}`, reply: okDone, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(p.Profile().Update(x, cloudapi.ProfileUpdateParams{Email: &empty, Websites: []string{}, Vertical: "RETAIL"}, o...))
			}},
		{name: "BlockedUsers.Block", route: "POST /PHONE/block_users", body: `{"messaging_product":"whatsapp","block_users":[{"user":"+6281100000001"},{"user":"+6281100000002"}]}`,
			reply: `{"messaging_product":"whatsapp","block_users":{"added_users":[{"input":"+6281100000001","wa_id":"6281100000001"}],"failed_users":[{"input":"+6281100000002","errors":[{"code":139103,"message":"No.","error_data":{"details":"Later."}}]}]}}`,
			want: &cloudapi.BlockResult{
				Changed: []cloudapi.BlockOutcome{{Input: "+6281100000001", WAID: "6281100000001"}},
				Failed:  []cloudapi.BlockOutcome{{Input: "+6281100000002", Errors: []cloudapi.BlockError{blockError(139103, "No.", "Later.")}}},
			},
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.BlockedUsers().Block(x, []string{"+6281100000001", "+6281100000002"}, o...))
			}},
		{name: "BlockedUsers.Unblock", route: "DELETE /PHONE/block_users", body: `{"messaging_product":"whatsapp","block_users":[{"user":"+6281100000001"}]}`,
			reply: `{"messaging_product":"whatsapp","block_users":{"removed_users":[{"input":"+6281100000001","wa_id":"6281100000001"}]}}`,
			want:  &cloudapi.BlockResult{Changed: []cloudapi.BlockOutcome{{Input: "+6281100000001", WAID: "6281100000001"}}}, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.BlockedUsers().Unblock(x, []string{"+6281100000001"}, o...))
			}},
		{name: "BlockedUsers.List", route: "GET /PHONE/block_users", query: "after=c1&limit=5", reply: `{"data":[{"messaging_product":"whatsapp","wa_id":"6281100000001"}],"paging":{"cursors":{"after":"c2","before":"c1"}}}`,
			want: lastPage(cloudapi.BlockedUser{WAID: "6281100000001"}), twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.BlockedUsers().List(x, cloudapi.BlockListParams{Limit: 5, Cursor: "c1"}, o...))
			}},
		{name: "BlockedUsers.All", route: "GET /PHONE/block_users", reply: okNone, want: items[cloudapi.BlockedUser](), twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return drained(p.BlockedUsers().All(x, cloudapi.BlockListParams{}, o...))
			}},
		{name: "PublicKey.Get", route: "GET /PHONE/whatsapp_business_encryption", reply: `{"data":[{"business_public_key":"PEM","business_public_key_signature_status":"VALID"}]}`,
			want: &cloudapi.PublicKeyInfo{Key: "PEM", Status: "VALID"}, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.PublicKey().Get(x, o...))
			}},
		{name: "PublicKey.Set", route: "POST /PHONE/whatsapp_business_encryption", body: "multipart", reply: okDone, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(p.PublicKey().Set(x, "-----BEGIN PUBLIC KEY-----", o...))
			}},
		{name: "Automation.Get", route: "GET /PHONE", query: "fields=conversational_automation", reply: `{"id":"200","conversational_automation":{"enable_welcome_message":true,"prompts":["Jam buka?"],"commands":[{"command_name":"jam","command_description":"Jam buka"}]}}`,
			want: &cloudapi.Automation{WelcomeMessage: true, Prompts: []string{"Jam buka?"}, Commands: []cloudapi.Command{{Name: "jam", Description: "Jam buka"}}}, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.Automation().Get(x, o...))
			}},
		{name: "Automation.Get that was never set", route: "GET /PHONE", query: "fields=conversational_automation", reply: `{"id":"200"}`, want: &cloudapi.Automation{}, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.Automation().Get(x, o...))
			}},
		{name: "Automation.Set", route: "POST /PHONE/conversational_automation", body: `{"enable_welcome_message":false,"prompts":[],"commands":[]}`, reply: okDone, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(p.Automation().Set(x, cloudapi.Automation{}, o...))
			}},
	}
}

func blockError(code int, message, details string) (e cloudapi.BlockError) {
	e.Code, e.Message, e.Data.Details = code, message, details
	return e
}
