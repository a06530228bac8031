package kirim_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/kirim-go/kirim"
)

// extras finds what has no place in a struct, anywhere below a value.
func extras(path string, v reflect.Value) (found []string) {
	switch v.Kind() { //nolint:exhaustive // the others have nothing below them
	case reflect.Struct:
		for i := range v.NumField() {
			name := path + "." + v.Type().Field(i).Name
			if v.Field(i).Type() == reflect.TypeFor[kirim.Extra]() && v.Field(i).Len() > 0 {
				found = append(found, name)
			}
			found = append(found, extras(name, v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			found = append(found, extras(path, v.Index(i))...)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			found = extras(path, v.Elem())
		}
	}
	return found
}

// wantRoundTrip decodes a template to create and encodes it again.
func wantRoundTrip(t *testing.T, data []byte) (params kirim.TemplateCreateParams) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&params); err != nil {
		t.Fatal(err)
	}
	if found := extras("", reflect.ValueOf(params)); found != nil {
		t.Errorf("without a field: %q", found)
	}
	if at := difference("", tree(t, data), tree(t, encoded(t, params))); at != "" {
		t.Errorf("it comes back differently: %s", at)
	}
	return params
}

// There is one file for each example of a template in Meta's description of its API.
func TestEveryKindOfTemplateComesBackFromJSONAsItWentIn(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/templates/*.json")
	if err != nil || len(files) != 11 {
		t.Fatalf("%d files, want 11: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			params := wantRoundTrip(t, data)
			d := params.Definition()
			if !d.Complete() || d.Status != kirim.TemplateApproved {
				t.Errorf("its definition is not complete: %s", encoded(t, d))
			}
			// As the server sends it.
			var got kirim.MessageTemplate
			if err := json.Unmarshal(encoded(t, d), &got); err != nil || !got.Complete() {
				t.Errorf("%v, %s", err, encoded(t, got))
			}
		})
	}
}

func TestTheBuildersOfTemplatesCoverCarouselsOffersAndNames(t *testing.T) {
	t.Parallel()
	card := func(text string) []kirim.ComponentDefinition {
		return []kirim.ComponentDefinition{kirim.DefineHeaderMedia(kirim.TemplateImage, "https://shop.example/a.jpg"), kirim.DefineBody(text), kirim.DefineButtons(kirim.DefineQuickReplyButton("Buy"))}
	}
	for name, tt := range map[string]struct {
		component kirim.ComponentDefinition
		want      string
	}{
		"a map":             {kirim.DefineHeaderLocation(), `{"type":"HEADER","format":"LOCATION"}`},
		"a product":         {kirim.DefineHeaderProduct(), `{"type":"HEADER","format":"PRODUCT"}`},
		"a named headline":  {kirim.DefineNamedHeaderText("For {{name}}", kirim.NamedSample{Name: "name", Example: "Ana"}), `{"type":"HEADER","format":"TEXT","text":"For {{name}}","example":{"header_text_named_params":[{"param_name":"name","example":"Ana"}]}}`},
		"a named body":      {kirim.DefineNamedBody("Hello {{name}}", kirim.NamedSample{Name: "name", Example: "Ana"}), `{"type":"BODY","text":"Hello {{name}}","example":{"body_text_named_params":[{"param_name":"name","example":"Ana"}]}}`},
		"an offer":          {kirim.DefineLimitedTimeOffer("Ends soon", true), `{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Ends soon","has_expiration":true}}`},
		"an offer for good": {kirim.DefineLimitedTimeOffer("For good", false), `{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"For good"}}`},
		"a carousel": {kirim.DefineCarousel(card("one"), card("two")), `{"type":"CAROUSEL","cards":[` +
			`{"components":[{"type":"HEADER","format":"IMAGE","example":{"header_url":["https://shop.example/a.jpg"]}},{"type":"BODY","text":"one"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Buy"}]}]},` +
			`{"components":[{"type":"HEADER","format":"IMAGE","example":{"header_url":["https://shop.example/a.jpg"]}},{"type":"BODY","text":"two"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Buy"}]}]}]}`},
		"all buttons": {kirim.DefineButtons(
			kirim.DefineFlowButton("Book", "17", "SEATS"), kirim.DefineFlowButton("Book", "17", ""), kirim.DefineCatalogButton("View catalog"), kirim.DefineProductsButton("View items"),
			kirim.DefineVoiceCallButton("Call", 15), kirim.DefineVoiceCallButton("Call", 0),
			kirim.DefineOneTapButton("Copy", "Fill in", kirim.TemplateApp{PackageName: "com.example.shop", SignatureHash: "AbCdEfGhIjK"}), kirim.DefineZeroTapButton("", "")),
			`{"type":"BUTTONS","buttons":[{"type":"FLOW","text":"Book","flow_id":"17","flow_action":"navigate","navigate_screen":"SEATS"},{"type":"FLOW","text":"Book","flow_id":"17","flow_action":"navigate"},` +
				`{"type":"CATALOG","text":"View catalog"},{"type":"MPM","text":"View items"},{"type":"VOICE_CALL","text":"Call","ttl_minutes":15},{"type":"VOICE_CALL","text":"Call"},` +
				`{"type":"OTP","text":"Copy","otp_type":"ONE_TAP","autofill_text":"Fill in","supported_apps":[{"package_name":"com.example.shop","signature_hash":"AbCdEfGhIjK"}]},{"type":"OTP","otp_type":"ZERO_TAP","zero_tap_terms_accepted":true}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params := kirim.TemplateCreateParams{Name: "a", Category: kirim.TemplateMarketing, Language: "id", ParameterFormat: kirim.TemplateNamed, Components: []kirim.ComponentDefinition{tt.component}}
			want := `{"name":"a","category":"MARKETING","language":"id","components":[` + tt.want + `],"parameter_format":"named"}`
			if got := string(encoded(t, params)); got != want {
				t.Errorf("%s\nis not\n%s", got, want)
			}
			wantRoundTrip(t, []byte(want))
		})
	}
}
