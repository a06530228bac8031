package templates

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/kirim-go/kirim"
)

// approved is a template as an account returns it once it is approved.
func approved(params kirim.TemplateCreateParams) *Remote {
	return &Remote{MessageTemplate: *params.Definition(), TTLSeconds: params.TTLSeconds}
}

// metaDefinitions are Meta's examples.
func metaDefinitions(t *testing.T) (all []kirim.TemplateCreateParams) {
	t.Helper()
	paths, err := filepath.Glob("../testdata/templates/*.json")
	if err != nil || len(paths) != 11 {
		t.Fatal(len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var params kirim.TemplateCreateParams
		if err := json.Unmarshal(text, &params); err != nil {
			t.Fatal(path, err)
		}
		all = append(all, params)
	}
	return all
}

// mediaSample is a header of media with a sample that both systems take.
func mediaSample(format string) kirim.ComponentDefinition {
	return kirim.ComponentDefinition{Type: "HEADER", Format: format, Example: &kirim.TemplateExample{HeaderHandle: []string{"4::EXAMPLE-" + format}}}
}

func named(name, sample string) kirim.NamedSample {
	return kirim.NamedSample{Name: name, Example: sample}
}

// richDefinitions have every header, every button, cards, an offer, both formats and
// several languages that agree and that differ.
func richDefinitions() []kirim.TemplateCreateParams {
	body := kirim.DefineBody("Hello {{1}}, your order {{2}} is ready.", "Ana", "A-17")
	all := []kirim.TemplateCreateParams{
		{Name: "header_text", Language: "en", Components: []kirim.ComponentDefinition{kirim.DefineHeaderText("Order {{1}}", "A-17"), body, kirim.DefineFooter("Open until 8 pm: every day")}},
		{Name: "header_image", Language: "en", Components: []kirim.ComponentDefinition{mediaSample("IMAGE"), body}},
		{Name: "header_video", Language: "en", Components: []kirim.ComponentDefinition{mediaSample("VIDEO"), body}},
		{Name: "header_document", Language: "en", Components: []kirim.ComponentDefinition{mediaSample("DOCUMENT"), body}},
		{Name: "header_location", Language: "en", Components: []kirim.ComponentDefinition{kirim.DefineHeaderLocation(), body}},
		{Name: "text_of_many_kinds", Language: "en", Components: []kirim.ComponentDefinition{kirim.DefineBody(
			"  *Hello* {{1}}: \"yes\" # no\n\n- a\n\t{{2}} it's 100 % … 😀\n'quoted' \\ {{3}}\u2028\u00a0end", "yes", "007", "a: b # c")}},
		{Name: "text_with_returns", Language: "en", Components: []kirim.ComponentDefinition{kirim.DefineBody("Hello {{1}},\r\nbye", "\"Ana\"\n")}},
		{Name: "repeated", Language: "en", Components: []kirim.ComponentDefinition{kirim.DefineBody("{{2}} and {{1}} and {{2}} and {{11}}, {{3}} {{4}} {{5}} {{6}} {{7}} {{8}} {{9}} {{10}}.", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k")}},
		{Name: "gap", Language: "en", Components: []kirim.ComponentDefinition{kirim.DefineBody("Hello {{1}} and {{3}}.", "a", "b", "c")}},
		{Name: "two_rows", Language: "en", Components: []kirim.ComponentDefinition{{Type: "BODY", Text: "Hello {{1}}.", Example: &kirim.TemplateExample{BodyText: [][]string{{"Ana"}, {"Budi"}}}}}},
		{Name: "named", Language: "en", ParameterFormat: kirim.TemplateNamed, Components: []kirim.ComponentDefinition{
			kirim.DefineNamedHeaderText("Order {{order}}", named("order", "A-17")),
			kirim.DefineNamedBody("Hello {{customer}}, {{order}} is ready.", named("order", "A-17"), named("customer", "Ana")),
			kirim.DefineButtons(kirim.DefineURLButton("Track", "https://shop.example/{{1}}", "A-17")),
		}},
		{Name: "named", Language: "id", Components: []kirim.ComponentDefinition{kirim.DefineBody("Halo {{1}}, {{2}} siap.", "Ana", "A-17")}},
		{Name: "named_apart", Language: "en", ParameterFormat: kirim.TemplateNamed, Components: []kirim.ComponentDefinition{
			kirim.DefineNamedHeaderText("Order {{order}}", named("order", "A-17")),
			kirim.DefineNamedBody("Order {{order}} is ready.", named("order", "A-18")),
		}},
		{Name: "buttons", Language: "en", Components: []kirim.ComponentDefinition{body, kirim.DefineButtons(
			kirim.DefineURLButton("Track", "https://shop.example/orders/{{1}}", "A-17"), kirim.DefineURLButton("Shop", "https://shop.example/?a=b&c={{1}}", "x"),
			kirim.DefinePhoneButton("Call", "+6281100000001"), kirim.DefineCopyCodeButton("WARM20"), kirim.DefineVoiceCallButton("Call here", 60),
			kirim.DefineQuickReplyButton("Yes"), kirim.DefineQuickReplyButton("No: never"),
		)}},
		{Name: "shop", Language: "en", Components: []kirim.ComponentDefinition{body, kirim.DefineButtons(kirim.DefineCatalogButton("View catalog"))}},
		{Name: "products", Language: "en", Components: []kirim.ComponentDefinition{kirim.DefineHeaderText("For you"), body, kirim.DefineButtons(kirim.DefineProductsButton("View items"))}},
		{Name: "flow", Language: "en", Components: []kirim.ComponentDefinition{body, kirim.DefineButtons(kirim.DefineFlowButton("Book", "1000000000000001", "SEATS"))}},
		{Name: "unknown_button", Language: "en", Components: []kirim.ComponentDefinition{body, kirim.DefineButtons(kirim.ButtonDefinition{Type: "ORDER_DETAILS", Text: "Pay", Extra: kirim.Extra{"gateway": json.RawMessage(`{"n":1.50,"deep":[[1,"a: b"],{}],"big":12345678901234567890,"none":null,"yes":true}`)}})}},
		{Name: "offer", Language: "en", Components: []kirim.ComponentDefinition{mediaSample("IMAGE"), kirim.DefineLimitedTimeOffer("Ends soon!", true), body,
			kirim.DefineButtons(kirim.DefineCopyCodeButton("WARM20"), kirim.DefineURLButton("Shop", "https://shop.example/{{1}}", "now"))}},
		{Name: "cards", Language: "en", Components: []kirim.ComponentDefinition{body, kirim.DefineCarousel(
			[]kirim.ComponentDefinition{mediaSample("IMAGE"), kirim.DefineBody("One for {{1}}", "Ana"), kirim.DefineButtons(kirim.DefineURLButton("Buy", "https://shop.example/{{1}}", "one"), kirim.DefineQuickReplyButton("Other"))},
			[]kirim.ComponentDefinition{mediaSample("VIDEO"), kirim.DefineBody("Two for {{1}}", "Budi"), kirim.DefineButtons(kirim.DefineURLButton("Buy", "https://shop.example/{{1}}", "two"), kirim.DefineQuickReplyButton("Other"))},
		)}},
		{Name: "product_cards", Language: "en", Components: []kirim.ComponentDefinition{kirim.DefineBody("Look"), kirim.DefineCarousel(
			[]kirim.ComponentDefinition{kirim.DefineHeaderProduct(), kirim.DefineButtons(kirim.DefineURLButton("Buy", "https://shop.example/1"))},
			[]kirim.ComponentDefinition{kirim.DefineHeaderProduct(), kirim.DefineButtons(kirim.DefineURLButton("Buy", "https://shop.example/2"))},
		)}},
		{Name: "languages", Language: "en", Components: []kirim.ComponentDefinition{body}, TTLSeconds: 600},
		{Name: "languages", Language: "id", Components: []kirim.ComponentDefinition{kirim.DefineBody("Halo {{1}}, pesanan {{2}} siap.", "Budi", "A-17")}, TTLSeconds: 600},
		{Name: "languages", Language: "no", Category: kirim.TemplateMarketing, Components: []kirim.ComponentDefinition{kirim.DefineHeaderText("Hei"), kirim.DefineBody("Hei {{2}}, {{1}}.", "Kari", "A-17")}, TTLSeconds: 900},
	}
	for i := range all {
		if all[i].Category == "" {
			all[i].Category = kirim.TemplateUtility
		}
	}
	code := kirim.DefineOneTimeCode("code", "en", kirim.OneTimeCodeOptions{SecurityRecommendation: true, ExpirationMinutes: 5, ButtonText: "Copy"})
	plain := kirim.DefineOneTimeCode("code", "id", kirim.OneTimeCodeOptions{})
	app := kirim.TemplateApp{PackageName: "com.example.shop", SignatureHash: "AbCdEfGhIjK"}
	tap, zero := plain, plain
	tap.Name, tap.Components = "one_tap", []kirim.ComponentDefinition{{Type: "BODY"}, kirim.DefineButtons(kirim.DefineOneTapButton("", "Fill in", app, app))}
	zero.Name, zero.Components = "zero_tap", []kirim.ComponentDefinition{{Type: "BODY"}, kirim.DefineButtons(kirim.DefineZeroTapButton("Copy", "", app))}
	return append(all, code, plain, tap, zero)
}
