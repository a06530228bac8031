package shop_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
	"github.com/kirim-go/kirim/templates/internal/shop"
)

var box = kirim.Image{Link: "https://shop.example/box.png"}

// byHand is what the code is in place of.
func byHand(customer, order string) kirim.OutboundMessage {
	return kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Template{Name: "order_update", Language: "en", Components: []kirim.Component{
		kirim.FillHeaderImage(box.Link), kirim.FillBody(customer, order), kirim.ButtonURL(0, order),
	}}}
}

func cards() [2]shop.WinterSaleCard {
	film := kirim.Video{Link: "https://shop.example/film.mp4"}
	return [2]shop.WinterSaleCard{{Video: film, Item: "shoes"}, {Video: film, Item: "socks", Button1Payload: "socks"}}
}

func TestAMessageIsThatOfOneWrittenByHand(t *testing.T) {
	t.Parallel()
	if got, want := shop.NewOrderUpdate(box, "Ana", "A-17").To("+6281100000001"), byHand("Ana", "A-17"); !reflect.DeepEqual(got, want) {
		t.Errorf("%#v\nwant %#v", got, want)
	}
}

func TestASandboxTakesTheMessages(t *testing.T) {
	t.Parallel()
	sandbox := kirimtest.Start(t, kirimtest.WithMetaMessages())
	if err := templates.Load(sandbox, "templates"); err != nil {
		t.Fatal(err)
	}
	client, err := sandbox.Client()
	if err != nil {
		t.Fatal(err)
	}
	messages := client.PhoneNumber(sandbox.PhoneNumberID).Messages
	update := shop.NewOrderUpdate(box, "Ana", "A-17")
	update.Button2Payload = "thanks"
	for name, m := range map[string]kirim.OutboundMessage{
		"the first language": update.To("+6281100000001"),
		"a chosen language":  update.In(shop.LanguageID).To("+6281100000001"),
		"a stored language":  update.In(shop.Language("id")).To("+6281100000001"),
		"cards":              shop.NewWinterSale("Ana", cards()).To("+6281100000001"),
	} {
		if _, err := messages.Send(t.Context(), m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsMissingIsNotSent(t *testing.T) {
	t.Parallel()
	sandbox := kirimtest.Start(t)
	client, err := sandbox.Client()
	if err != nil {
		t.Fatal(err)
	}
	messages := client.PhoneNumber(sandbox.PhoneNumberID).Messages
	noItem := shop.NewWinterSale("Ana", cards())
	noItem.Cards[1].Item = ""
	for name, tc := range map[string]struct {
		message kirim.OutboundMessage
		want    string
	}{
		"all fields": {
			shop.OrderUpdate{}.To("+6281100000001"),
			"OrderUpdate.Image: want a link or an id, got neither; OrderUpdate.Customer: want a text, got none; OrderUpdate.Order: want a text, got none",
		},
		"a language that does not exist": {shop.NewOrderUpdate(box, "Ana", "A-17").In("fr").To("+6281100000001"), "OrderUpdate.Language: want en or id, got another"},
		"a text of a card":               {noItem.To("+6281100000001"), "WinterSale.Cards[1].Item: want a text, got none"},
		"a text and the recipient":       {shop.NewOrderUpdate(box, "Ana", "").To("0811"), "to: want E.164 with a leading + and 7 to 15 digits, got 4 characters, no leading +; OrderUpdate.Order: want a text, got none"},
		"nothing, but with a line break": {shop.NewOrderUpdate(box, "Ana\nA.", "A-17").To("+6281100000001"), "template.components[1].parameters[0].text: want no line break"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := messages.Send(t.Context(), tc.message)
			var e *kirim.ValidationError
			if !errors.As(err, &e) || !strings.HasPrefix(e.Error(), "kirim: invalid request: "+tc.want) || strings.Contains(err.Error(), "Ana") {
				t.Errorf("%v\nwant %s", err, tc.want)
			}
		})
	}
	t.Cleanup(func() {
		if n := len(sandbox.Requests()); n != 0 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestWhatDoesNotFitIsRefusedAsByTheDefinition(t *testing.T) {
	t.Parallel()
	files, err := templates.Read("templates")
	if err != nil {
		t.Fatal(err)
	}
	definitions := make(map[string]*kirim.MessageTemplate)
	for _, f := range files {
		definitions[f.Name] = f.Params(&f.Languages[0]).Definition()
	}
	pick := shop.PicksCard{Product: kirim.ProductItem{CatalogID: "1", RetailerID: "A-17"}, SKU: "A-17"}
	cardsOf := func(n int) kirim.Template {
		cards := make([][]kirim.Component, n)
		for i := range cards {
			cards[i] = []kirim.Component{kirim.FillHeaderProduct("1", "A-17"), kirim.ButtonURL(0, "A-17")}
		}
		return kirim.Template{Name: "picks", Language: "en", Components: []kirim.Component{kirim.FillCarousel(cards...)}}
	}
	code := func(code string) kirim.Template {
		return kirim.Template{Name: "login_code", Language: "en", Components: kirim.FillOneTimeCode(code)}
	}
	offer := func(at time.Time) kirim.Template {
		return kirim.Template{Name: "flash_offer", Language: "en", Components: []kirim.Component{
			kirim.FillHeaderImage(box.Link), kirim.FillLimitedTimeOffer(at), kirim.ButtonCopyCode(0, "WINTER20"), kirim.ButtonURL(1, "WINTER20"),
		}}
	}
	soon, before := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	for name, tc := range map[string]struct {
		generated interface {
			Template() (kirim.Template, error)
		}
		byHand kirim.Template
		want   string // empty for one that fits
	}{
		"a code of 15 characters":  {shop.NewLoginCode(strings.Repeat("é", 15)), code(strings.Repeat("é", 15)), ""},
		"a code of 16 characters":  {shop.NewLoginCode(strings.Repeat("1", 16)), code(strings.Repeat("1", 16)), "LoginCode.Code: want a code of 1 to 15 characters"},
		"an offer until later":     {shop.NewFlashOffer(box, "WINTER20", soon), offer(soon), ""},
		"an offer that is over":    {shop.NewFlashOffer(box, "WINTER20", before), offer(before), "FlashOffer.OfferEnds: want a time in the future"},
		"an offer without an end":  {shop.NewFlashOffer(box, "WINTER20", time.Time{}), offer(before), "FlashOffer.OfferEnds: want a time in the future"},
		"2 cards of products":      {shop.NewPicks(slices.Repeat([]shop.PicksCard{pick}, 2)), cardsOf(2), ""},
		"10, of which it has 2":    {shop.NewPicks(slices.Repeat([]shop.PicksCard{pick}, 10)), cardsOf(10), ""},
		"11":                       {shop.NewPicks(slices.Repeat([]shop.PicksCard{pick}, 11)), cardsOf(11), "Picks.Cards: want 2 to 10 cards"},
		"1":                        {shop.NewPicks([]shop.PicksCard{pick}), cardsOf(1), "Picks.Cards: want 2 to 10 cards"},
		"none":                     {shop.NewPicks(nil), cardsOf(0), "Picks.Cards: want 2 to 10 cards"},
		"a card without a product": {shop.NewPicks([]shop.PicksCard{pick, {SKU: "A-17"}}), cardsOf(1), "Picks.Cards[1].Product: want a catalog id and a retailer id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			definition := definitions[tc.byHand.Name]
			if err := tc.byHand.Check(definition); (err == nil) != (tc.want == "") {
				t.Fatalf("by hand: %v", err)
			}
			template, err := tc.generated.Template()
			if tc.want != "" {
				var e *kirim.ValidationError
				if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), "kirim: invalid request: "+tc.want) {
					t.Errorf("%v\nwant %s", err, tc.want)
				}
				return
			}
			if err == nil {
				err = errors.Join(template.Check(definition), kirim.OutboundMessage{To: "+6281100000001", Content: template}.Validate())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAMessageKeepsItsValuesWhenTheStructChanges(t *testing.T) {
	t.Parallel()
	update := shop.NewOrderUpdate(box, "Ana", "A-17")
	m := update.To("+6281100000001")
	update.Image.Link, update.Customer = "https://shop.example/other.png", "Budi"
	if want := byHand("Ana", "A-17"); !reflect.DeepEqual(m, want) {
		t.Errorf("%#v", m)
	}
}

func BenchmarkTemplate(b *testing.B) {
	for name, build := range map[string]func() kirim.OutboundMessage{
		"generated": func() kirim.OutboundMessage { return shop.NewOrderUpdate(box, "Ana", "A-17").To("+6281100000001") },
		"by hand":   func() kirim.OutboundMessage { return byHand("Ana", "A-17") },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if build().Content == nil {
					b.Fatal("no content")
				}
			}
		})
	}
}

func TestTheChecksCostNoAllocation(t *testing.T) {
	generated := testing.AllocsPerRun(100, func() { _ = shop.NewOrderUpdate(box, "Ana", "A-17").To("+6281100000001") })
	written := testing.AllocsPerRun(100, func() { _ = byHand("Ana", "A-17") })
	if generated > written {
		t.Errorf("%v allocations, and %v by hand", generated, written)
	}
}
