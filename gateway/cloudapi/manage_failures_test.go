package cloudapi_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/internal/testwire"
)

func TestAGraphErrorIsAnErrorOfEachOperation(t *testing.T) {
	t.Parallel()
	const refusal = `{"error":{"message":"(#200) No.","type":"OAuthException","code":200,"fbtrace_id":"EXAMPLEtrace"}}`
	for _, status := range []int{200, 403} {
		for _, op := range operations() {
			wire := testwire.Answering(status, refusal)
			got, err := op.run(t, wire, "300")
			var e *kirim.Error
			if !errors.As(err, &e) || e.Code != "200" || e.Kind != kirim.KindPermission || e.RequestID != "EXAMPLEtrace" || len(wire.Requests()) != 1 {
				t.Errorf("%s, status %d: %v after %d requests", op.name, status, err, len(wire.Requests()))
			}
			checkNothing(t, op, got)
		}
	}
}

// checkNothing reports a result beside an error.
func checkNothing(t *testing.T, op operation, got any) {
	t.Helper()
	if got != nil && !reflect.ValueOf(got).IsZero() {
		t.Errorf("%s returned %v beside an error", op.name, dump(got))
	}
}

func TestAResponseWithoutItsResultIsInvalid(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"success":null,"data":null,"id":"","code":null}`, `[]`, `"ok"`, `<html>`, ``} {
		for _, op := range operations() {
			if strings.HasPrefix(op.route, "DELETE") && body == "" {
				continue // success, as everywhere
			}
			got, err := op.run(t, testwire.Answering(200, body), "300")
			if !errors.Is(err, kirim.KindInvalidResponse) {
				t.Errorf("%s, %q: %v", op.name, body, err)
			}
			checkNothing(t, op, got)
		}
	}
}

func TestAnEmptyResponseIsNoPanic(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		if _, err := op.run(t, testwire.Answering(204, ""), "300"); err != nil {
			t.Errorf("%s: %v", op.name, err)
		}
	}
}

func TestWhatMayHaveBeenCarriedOutIsRetriedOnlyWhereItDoesNoHarm(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wire := testwire.Serving(func(int, *http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
				_, err := op.run(t, wire, "300")
				want := 1
				if op.twice {
					want = 4
				}
				if got := len(wire.Requests()); got != want || err == nil {
					t.Errorf("%d requests, want %d; %v", got, want, err)
				}
				if sent := wire.Requests(); len(sent) > 0 && sent[0].Body != sent[len(sent)-1].Body {
					t.Error("the last request has another body than the first")
				}
				if maybe := kirim.MaybeSent(err); maybe == strings.HasPrefix(op.route, "GET") {
					t.Errorf("MaybeSent is %v", maybe)
				}
			})
		})
	}
}

func TestHostileIDsReachNoOtherPath(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		if !strings.Contains(op.route, "ID") {
			continue
		}
		for _, id := range []string{"", ".", ".."} {
			wire := testwire.Answering(200, op.reply)
			var invalid *kirim.ValidationError
			if _, err := op.run(t, wire, id); !errors.As(err, &invalid) || len(wire.Requests()) != 0 {
				t.Errorf("%s with id %q: %v, %d requests", op.name, id, err, len(wire.Requests()))
			}
		}
	}
}

func TestWhatCannotBeMeantIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	image := kirim.DefineHeaderMedia(kirim.TemplateImage, "https://toko.example/secret.png")
	carousel := kirim.ComponentDefinition{Type: "CAROUSEL", Cards: []kirim.CardDefinition{{}, {Components: []kirim.ComponentDefinition{image}}}}
	for _, tt := range []struct {
		name, want string
		call       func(p *cloudapi.PhoneNumber, a *cloudapi.Account) error
	}{
		{"a PIN of 5 digits", "pin: want 6 digits, got 5 characters", func(p *cloudapi.PhoneNumber, _ *cloudapi.Account) error { return p.SetPIN(t.Context(), "98765") }},
		{"a PIN of letters", "pin: want 6 digits", func(p *cloudapi.PhoneNumber, _ *cloudapi.Account) error {
			return p.Register(t.Context(), cloudapi.RegisterParams{PIN: "secret"})
		}},
		{"no code", "code: want 6 digits, got 0 characters", func(p *cloudapi.PhoneNumber, _ *cloudapi.Account) error { return p.VerifyCode(t.Context(), "") }},
		{"nobody to block", "users: want at least one user", func(p *cloudapi.PhoneNumber, _ *cloudapi.Account) error {
			_, err := p.BlockedUsers().Block(t.Context(), nil)
			return err
		}},
		{"an update of no QR code", "code: want the code to update", func(p *cloudapi.PhoneNumber, _ *cloudapi.Account) error {
			_, err := p.QRCodes().Update(t.Context(), "", "Halo")
			return err
		}},
		{"a deletion of no template", "Name: want the name of the template", func(_ *cloudapi.PhoneNumber, a *cloudapi.Account) error {
			return a.Templates().Delete(t.Context(), cloudapi.TemplateDeleteParams{ID: "600"})
		}},
		{"a link as the sample of a header", "components[0].example.header_url", func(_ *cloudapi.PhoneNumber, a *cloudapi.Account) error {
			_, err := a.Templates().Create(t.Context(), kirim.TemplateCreateParams{Name: "n", Components: []kirim.ComponentDefinition{image}})
			return err
		}},
		{"a link as the sample of a card", "components[1].cards[1].components[0].example.header_url", func(_ *cloudapi.PhoneNumber, a *cloudapi.Account) error {
			return a.Templates().Update(t.Context(), "600", cloudapi.TemplateUpdateParams{Components: []kirim.ComponentDefinition{kirim.DefineBody("Halo"), carousel}})
		}},
		{"a subscription to nowhere", "URL: want an https address", func(_ *cloudapi.PhoneNumber, a *cloudapi.Account) error {
			return a.SubscribedApps().Subscribe(t.Context(), &cloudapi.CallbackOverride{VerifyToken: "secret"})
		}},
		{"a flow that is not JSON", "flowJSON: want JSON", func(_ *cloudapi.PhoneNumber, a *cloudapi.Account) error {
			_, err := a.Flows().UpdateJSON(t.Context(), "500", []byte(`{"secret`))
			return err
		}},
	} {
		wire := testwire.Answering(200, okDone)
		c := newClient(t, wire)
		err := tt.call(c.PhoneNumber(testNumber), c.Account(testAccount))
		var invalid *kirim.ValidationError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), tt.want) || kirim.MaybeSent(err) || len(wire.Requests()) != 0 {
			t.Errorf("%s: %v, %d requests", tt.name, err, len(wire.Requests()))
		}
		for _, secret := range []string{"secret", "98765"} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error quotes what was given: %v", tt.name, err)
			}
		}
	}
}

func TestAPublicKeyGoesOutAsAForm(t *testing.T) {
	t.Parallel()
	wire := testwire.Answering(200, okDone)
	keys := number(t, wire).PublicKey()
	if err := keys.Set(t.Context(), ""); err == nil {
		t.Error("no key is a key")
	}
	if err := keys.Set(t.Context(), "-----BEGIN PUBLIC KEY-----"); err != nil {
		t.Fatal(err)
	}
	sent := wire.Requests()[0]
	if form := formOf(t, sent); !reflect.DeepEqual(form.Value, map[string][]string{"business_public_key": {"-----BEGIN PUBLIC KEY-----"}}) || len(form.File) != 0 {
		t.Errorf("sent %+v", form)
	}
}

func formOf(t *testing.T, sent testwire.Request) *multipart.Form {
	t.Helper()
	kind, params, err := mime.ParseMediaType(sent.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		t.Fatalf("content type %q, %v", sent.Header.Get("Content-Type"), err)
	}
	form, err := multipart.NewReader(strings.NewReader(sent.Body), params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

func TestTheJSONOfAFlowGoesOutAsAFile(t *testing.T) {
	t.Parallel()
	const flow = `{"version":"7.0"}`
	wire := testwire.Answering(200, `{"success":true,"validation_errors":[]}`)
	if _, err := newClient(t, wire).Account(testAccount).Flows().UpdateJSON(t.Context(), "500", []byte(flow)); err != nil {
		t.Fatal(err)
	}
	form := formOf(t, wire.Requests()[0])
	if want := map[string][]string{"name": {"flow.json"}, "asset_type": {"FLOW_JSON"}}; !reflect.DeepEqual(form.Value, want) {
		t.Errorf("fields %v, want %v", form.Value, want)
	}
	part := form.File["file"][0]
	file, err := part.Open()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(file)
	if err != nil || string(content) != flow || part.Filename != "flow.json" || part.Header.Get("Content-Type") != "application/json" {
		t.Errorf("file %q of %v: %s, %v", part.Filename, part.Header, content, err)
	}
}

// pages is a server with three pages of two numbers. Its addresses of the next
// page are of another host, and hold a secret.
func pages(t *testing.T, broken int) *testwire.Wire {
	t.Helper()
	return testwire.New(func(w http.ResponseWriter, r *http.Request) {
		n := slices.Index([]string{"", "c1", "c2"}, r.URL.Query().Get("after"))
		if n == broken {
			w.WriteHeader(400)
			io.WriteString(w, `{"error":{"message":"No.","type":"OAuthException","code":100}}`)
			return
		}
		io.WriteString(w, []string{
			`{"data":[{"id":"1"},{"id":"2"}],"paging":{"cursors":{"before":"b","after":"c1"},"next":"https://elsewhere.example/?access_token=secret&after=x1"}}`,
			`{"data":[],"paging":{"cursors":{"after":"c2"},"next":"https://elsewhere.example/?after=x2"}}`,
			`{"data":[{"id":"3"}],"paging":{"cursors":{"before":"b","after":"c3"}}}`,
		}[n])
	})
}

func numbersOf(x context.Context, c *cloudapi.Client, cursor string) (ids []string, err error) {
	for info, err := range c.Account(testAccount).PhoneNumbers().All(x, cloudapi.PhoneNumberListParams{Fields: []string{"id"}, Cursor: cursor}) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, info.ID)
	}
	return ids, nil
}

func TestAListIsReadPageByPageFromTheServerItself(t *testing.T) {
	t.Parallel()
	wire := pages(t, -1)
	ids, err := numbersOf(t.Context(), newClient(t, wire), "")
	if err != nil || !slices.Equal(ids, []string{"1", "2", "3"}) {
		t.Fatalf("%v, %v", ids, err)
	}
	var queries []string
	for _, r := range wire.Requests() {
		sent, _ := url.Parse(r.URL)
		queries = append(queries, sent.RawQuery)
		if sent.Host != "api.kirim.example" || strings.Contains(r.URL, "secret") {
			t.Errorf("asked %s", r.URL)
		}
	}
	if want := []string{"fields=id", "after=c1&fields=id", "after=c2&fields=id"}; !slices.Equal(queries, want) {
		t.Errorf("queries %q, want %q", queries, want)
	}
}

func TestAListThatEndsEarlySaysWhereToGoOn(t *testing.T) {
	t.Parallel()
	ids, err := numbersOf(t.Context(), newClient(t, pages(t, 1)), "")
	var ended *kirim.ListError
	if !errors.As(err, &ended) || ended.Cursor != "c1" || !errors.Is(err, kirim.KindInvalidRequest) || len(ids) != 2 {
		t.Fatalf("%v, %v", ids, err)
	}
	ids, err = numbersOf(t.Context(), newClient(t, pages(t, -1)), ended.Cursor)
	if err != nil || !slices.Equal(ids, []string{"3"}) {
		t.Errorf("from there: %v, %v", ids, err)
	}
}

func TestAListEndsWithItsContextAndWithItsReader(t *testing.T) {
	t.Parallel()
	x, cancel := context.WithCancel(t.Context())
	defer cancel()
	wire := pages(t, -1)
	var ids []string
	var ended error
	for info, err := range newClient(t, wire).Account(testAccount).PhoneNumbers().All(x, cloudapi.PhoneNumberListParams{}) {
		if err != nil {
			ended = err
			break
		}
		ids = append(ids, info.ID)
		cancel()
	}
	if !errors.Is(ended, context.Canceled) || len(ids) != 2 || len(wire.Requests()) != 1 {
		t.Errorf("%v, %v, %d requests", ids, ended, len(wire.Requests()))
	}
	wire.Forget()
	for range newClient(t, wire).Account(testAccount).PhoneNumbers().All(t.Context(), cloudapi.PhoneNumberListParams{}) {
		break
	}
	if len(wire.Requests()) != 1 {
		t.Errorf("%d requests for one item", len(wire.Requests()))
	}
}

func TestAListThatLeadsNowhereEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		next map[string]string // the cursor after each
		most int               // requests
	}{
		{"without a cursor", map[string]string{"": ""}, 1},
		{"back to the same page", map[string]string{"": "a", "a": "a"}, 2},
		{"in a circle of three", map[string]string{"": "a", "a": "b", "b": "c", "c": "a"}, 8},
	} {
		wire := testwire.New(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"data":[{"id":"1"}],"paging":{"cursors":{"after":"`+tt.next[r.URL.Query().Get("after")]+`"},"next":"https://elsewhere.example/"}}`)
		})
		_, err := numbersOf(t.Context(), newClient(t, wire), "")
		if !errors.Is(err, kirim.KindInvalidResponse) || len(wire.Requests()) > tt.most {
			t.Errorf("%s: %v after %d requests", tt.name, err, len(wire.Requests()))
		}
	}
}
