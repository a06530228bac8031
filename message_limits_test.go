package kirim

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type limitCase struct {
	name  string
	limit bounds
	path  string
	with  func(n int) Content
}

// limitCases have, for each limit in message_validate_limits.go, the contents
// that it is about and how one of them looks with n of its unit. The path is that of the
// violation.
var limitCases = []limitCase{
	{"limitText", limitText, "text.body", func(n int) Content { return Text{Body: chars(n)} }},
	{"limitCaption", limitCaption, "image.caption", func(n int) Content { return Image{ID: "1", Caption: chars(n)} }},
	{"limitCaption", limitCaption, "video.caption", func(n int) Content { return Video{ID: "1", Caption: chars(n)} }},
	{"limitCaption", limitCaption, "document.caption", func(n int) Content { return Document{ID: "1", Caption: chars(n)} }},
	{"limitContacts", limitContacts, "contacts", func(n int) Content {
		return slices.Repeat(Contacts{{Name: ContactName{FormattedName: "a"}}}, n)
	}},
	{"limitRequired", limitRequired, "contacts[0].name.formatted_name", func(n int) Content {
		return Contacts{{Name: ContactName{FormattedName: chars(n)}}}
	}},
	{"limitRequired", limitRequired, "reaction.message_id", func(n int) Content { return Reaction{MessageID: chars(n), Emoji: "👍"} }},
	{"limitRequired", limitRequired, "pin.message_id", func(n int) Content { return Pin{MessageID: chars(n), Days: 1} }},
	{"limitPinDays", limitPinDays, "pin.expiration_days", func(n int) Content { return Pin{MessageID: "wamid.A", Days: n} }},

	{"limitBody", limitBody, "interactive.body.text", func(n int) Content { return ReplyButtons{Body: chars(n), Buttons: replies(1)} }},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content {
		return List{Body: chars(n), Button: "a", Sections: sections(1)}
	}},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content {
		return CTAURL{Body: chars(n), DisplayText: "a", URL: "https://e.com"}
	}},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content { return Carousel{Body: chars(n), Cards: cards(2)} }},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content {
		return ProductCarousel{Body: chars(n), Products: catalogued(2)}
	}},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content { return LocationRequest{Body: chars(n)} }},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content { return AddressRequest{Body: chars(n), Country: "IN"} }},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content { return VoiceCall{Body: chars(n)} }},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content { return Flow{Body: chars(n), ID: "1", Button: "a"} }},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content { return productList(ProductList{Body: chars(n)}, 1) }},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content { return Catalog{Body: chars(n)} }},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content { return OrderDetails{Body: chars(n), Payment: aBill} }},
	{"limitBody", limitBody, "interactive.body.text", func(n int) Content {
		return OrderStatus{Body: chars(n), ReferenceID: "1", Status: OrderShipped}
	}},
	{"limitOptionalBody", limitOptionalBody, "interactive.body.text", func(n int) Content { return CallPermissionRequest{Body: chars(n)} }},
	{"limitOptionalBody", limitOptionalBody, "interactive.body.text", func(n int) Content {
		return Product{Body: chars(n), CatalogID: "1", RetailerID: "2"}
	}},
	{"limitFooter", limitFooter, "interactive.footer.text", func(n int) Content {
		return Product{Footer: chars(n), CatalogID: "1", RetailerID: "2"}
	}},
	{"limitFooter", limitFooter, "interactive.footer.text", func(n int) Content { return Catalog{Body: "a", Footer: chars(n)} }},
	{"limitFooter", limitFooter, "interactive.footer.text", func(n int) Content {
		return productList(ProductList{Body: "a", Footer: chars(n)}, 1)
	}},
	{"limitFooter", limitFooter, "interactive.footer.text", func(n int) Content {
		return Flow{Body: "a", Footer: chars(n), ID: "1", Button: "a"}
	}},
	{"limitFooter", limitFooter, "interactive.footer.text", func(n int) Content {
		return AddressRequest{Body: "a", Footer: chars(n), Country: "IN"}
	}},
	{"limitFooter", limitFooter, "interactive.footer.text", func(n int) Content {
		return OrderDetails{Body: "a", Footer: chars(n), Payment: aBill}
	}},
	{"limitFooter", limitFooter, "interactive.footer.text", func(n int) Content {
		return OrderStatus{Body: "a", Footer: chars(n), ReferenceID: "1", Status: OrderShipped}
	}},
	{"limitTextHeader", limitTextHeader, "interactive.header.text", func(n int) Content {
		return Flow{Header: Header{Text: chars(n)}, Body: "a", ID: "1", Button: "a"}
	}},
	{"limitTextHeader", limitTextHeader, "interactive.header.sub_text", func(n int) Content {
		return ReplyButtons{Header: Header{Text: "a", SubText: chars(n)}, Body: "a", Buttons: replies(1)}
	}},

	{"limitReplyButtons", limitReplyButtons, "interactive.action.buttons", func(n int) Content { return ReplyButtons{Body: "a", Buttons: replies(n)} }},
	{"limitReplyID", limitReplyID, "interactive.action.buttons[0].reply.id", func(n int) Content {
		return ReplyButtons{Body: "a", Buttons: []ReplyButton{{ID: chars(n), Title: "a"}}}
	}},
	{"limitReplyTitle", limitReplyTitle, "interactive.action.buttons[0].reply.title", func(n int) Content {
		return ReplyButtons{Body: "a", Buttons: []ReplyButton{{ID: "a", Title: chars(n)}}}
	}},
	{"limitListButton", limitListButton, "interactive.action.button", func(n int) Content {
		return List{Body: "a", Button: chars(n), Sections: sections(1)}
	}},
	{"limitSections", limitSections, "interactive.action.sections", func(n int) Content { return List{Body: "a", Button: "a", Sections: sections(n)} }},
	{"limitSections", limitSections, "interactive.action.sections", func(n int) Content { return productList(ProductList{Body: "a"}, n) }},
	{"limitSectionRows", limitSectionRows, "interactive.action.sections[0].rows", func(n int) Content {
		return List{Body: "a", Button: "a", Sections: []ListSection{{Rows: rows(n)}}}
	}},
	{"limitRows", bounds{0, limitRows.max, "row"}, "interactive.action.sections", func(n int) Content {
		return List{Body: "a", Button: "a", Sections: []ListSection{{Title: "a", Rows: rows(n)}}}
	}},
	{"limitSectionTitle", limitSectionTitle, "interactive.action.sections[0].title", func(n int) Content {
		return List{Body: "a", Button: "a", Sections: []ListSection{{Title: chars(n), Rows: rows(1)}}}
	}},
	{"limitSeveralSectionsTitle", limitSeveralSectionsTitle, "interactive.action.sections[1].title", func(n int) Content {
		two := sections(2)
		two[1].Title = chars(n)
		return List{Body: "a", Button: "a", Sections: two}
	}},
	{"limitRowID", limitRowID, "interactive.action.sections[0].rows[0].id", func(n int) Content { return listOf(ListRow{ID: chars(n), Title: "a"}) }},
	{"limitRowTitle", limitRowTitle, "interactive.action.sections[0].rows[0].title", func(n int) Content { return listOf(ListRow{ID: "a", Title: chars(n)}) }},
	{"limitRowDescription", limitRowDescription, "interactive.action.sections[0].rows[0].description", func(n int) Content {
		return listOf(ListRow{ID: "a", Title: "a", Description: chars(n)})
	}},
	{"limitDisplayText", limitDisplayText, "interactive.action.parameters.display_text", func(n int) Content {
		return CTAURL{Body: "a", DisplayText: chars(n), URL: "https://e.com"}
	}},
	{"limitCards", limitCards, "interactive.action.cards", func(n int) Content { return Carousel{Body: "a", Cards: cards(n)} }},
	{"limitCardBody", limitCardBody, "interactive.action.cards[1].body.text", func(n int) Content {
		c := Carousel{Body: "a", Cards: cards(2)}
		c.Cards[1].Body = chars(n)
		return c
	}},
	{"limitCardBreaks", limitCardBreaks, "interactive.action.cards[1].body.text", func(n int) Content {
		c := Carousel{Body: "a", Cards: cards(2)}
		c.Cards[1].Body = "a" + strings.Repeat("\n", n)
		return c
	}},
	{"limitCardQuickReply", limitCardQuickReply, "interactive.action.cards[0].action.buttons", func(n int) Content { return quickReplyCards(replies(n), replies(n)) }},
	{"limitProductCards", limitProductCards, "interactive.action.cards", func(n int) Content {
		return ProductCarousel{Body: "a", Products: catalogued(n)}
	}},
	{"limitPINCode", limitPINCode, "interactive.action.parameters.values.in_pin_code", func(n int) Content {
		return AddressRequest{Body: "a", Country: "IN", Values: &Address{PINCode: chars(n)}}
	}},
	{"limitRequired", limitRequired, "interactive.action.parameters.country", func(n int) Content { return AddressRequest{Body: "a", Country: chars(n)} }},
	{"limitVoiceCallLabel", limitVoiceCallLabel, "interactive.action.parameters.display_text", func(n int) Content { return VoiceCall{Body: "a", DisplayText: chars(n)} }},
	{"limitCallPayload", limitCallPayload, "interactive.action.parameters.payload", func(n int) Content { return VoiceCall{Body: "a", Payload: chars(n)} }},
	{"limitCallPayload", limitCallPayload, "template.components[0].parameters[0].payload", func(n int) Content {
		return inTemplate(Component{Type: "button", SubType: "voice_call", Parameters: []Parameter{{Type: "payload", Payload: "a" + chars(n-1)}}})
	}},
	{"limitCallMinutes", limitCallMinutes, "interactive.action.parameters.ttl_minutes", func(n int) Content {
		return VoiceCall{Body: "a", TTLMinutes: orBelow(n)}
	}},
	{"limitCallMinutes", limitCallMinutes, "template.components[0].parameters[0].ttl_minutes", func(n int) Content {
		return inTemplate(ButtonVoiceCall(0, orBelow(n), ""))
	}},
	{"limitRequired", limitRequired, "interactive.action.parameters.flow_cta", func(n int) Content { return Flow{Body: "a", ID: "1", Button: chars(n)} }},
	{"limitRequired", limitRequired, "interactive.action.catalog_id", func(n int) Content { return Product{CatalogID: chars(n), RetailerID: "1"} }},
	{"limitRequired", limitRequired, "interactive.action.product_retailer_id", func(n int) Content { return Product{CatalogID: "1", RetailerID: chars(n)} }},
	{"limitReferenceID", limitReferenceID, "interactive.action.parameters.reference_id", func(n int) Content {
		bill := aBill
		bill.ReferenceID = strings.Repeat("r", n)
		return OrderDetails{Body: "a", Payment: bill}
	}},
	{"limitRequired", limitRequired, "interactive.action.parameters.reference_id", func(n int) Content {
		return OrderStatus{Body: "a", ReferenceID: strings.Repeat("r", n), Status: OrderShipped}
	}},
	{"limitSectionProducts", limitSectionProducts, "interactive.action.sections[0].product_items", func(n int) Content {
		return ProductList{Header: Header{Text: "a"}, Body: "a", CatalogID: "1", Sections: []ProductSection{{Products: products(n)}}}
	}},
	{"limitProducts", limitProducts, "interactive.action.sections", func(n int) Content {
		return ProductList{Header: Header{Text: "a"}, Body: "a", CatalogID: "1", Sections: []ProductSection{{Products: products(n)}}}
	}},
	{"limitProductSectionTitle", limitProductSectionTitle, "interactive.action.sections[0].title", func(n int) Content {
		return ProductList{Header: Header{Text: "a"}, Body: "a", CatalogID: "1", Sections: []ProductSection{{Title: chars(n), Products: products(1)}}}
	}},

	{"limitTemplateCards", limitTemplateCards, "template.components[0].cards", func(n int) Content {
		return inTemplate(FillCarousel(make([][]Component, n)...))
	}},
	{"limitProductSections", limitProductSections, "template.components[0].parameters[0].action.sections", func(n int) Content {
		return inTemplate(ButtonProducts(0, "sku", slices.Repeat([]ProductSection{{Title: "a", Products: products(1)}}, n)...))
	}},
	{"limitHeaderParameters", limitHeaderParameters, "template.components[0].parameters", func(n int) Content {
		return inTemplate(Component{Type: "header", Parameters: slices.Repeat([]Parameter{TextParameter("a")}, n)})
	}},
	{"limitCouponCode", limitCouponCode, "template.components[0].parameters[0].coupon_code", func(n int) Content {
		return inTemplate(ButtonCopyCode(0, "a"+chars(n-1)))
	}},
}

var aBill = PaymentRequest{ReferenceID: "r-1", Currency: "BRL", Total: OrderAmount{Value: 5, Offset: 100}}

func catalogued(n int) []ProductItem { return slices.Repeat([]ProductItem{{"1", "2"}}, n) }

func productList(c ProductList, n int) ProductList {
	c.Header, c.CatalogID = Header{Text: "a"}, "1"
	c.Sections = slices.Repeat([]ProductSection{{Title: "a", Products: products(1)}}, n)
	return c
}

func listOf(row ListRow) List {
	return List{Body: "a", Button: "a", Sections: []ListSection{{Rows: []ListRow{row}}}}
}

func inTemplate(c Component) Template {
	return Template{Name: "t", Language: "id", Components: []Component{c}}
}

// orBelow is n, or less where 0 stands for the default.
func orBelow(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

func TestEveryLimitHoldsForEveryContentAtItAndBesideIt(t *testing.T) {
	t.Parallel()
	values := 0
	for _, tc := range limitCases {
		t.Run(tc.name+" of "+strings.TrimPrefix(fmt.Sprintf("%T at ", tc.with(max(tc.limit.min, 1))), "kirim.")+tc.path, func(t *testing.T) {
			at := func(n int, allowed bool) {
				values++
				found := violations(t, OutboundMessage{To: testRecipient, Content: tc.with(n)})
				named := slices.ContainsFunc(found, func(v Violation) bool { return v.Path == tc.path })
				if allowed && len(found) > 0 || !allowed && !named {
					t.Errorf("with %d: %v", n, found)
				}
			}
			if tc.limit.min > 0 {
				at(tc.limit.min-1, false)
				at(tc.limit.min, true)
			}
			at(tc.limit.min+1, true)
			if tc.limit.max > 0 {
				at(tc.limit.max-1, tc.limit.max > tc.limit.min)
				at(tc.limit.max, true)
				at(tc.limit.max+1, false)
			}
		})
	}
	t.Logf("%d limits of contents, %d values", len(limitCases), values)
}

func TestEveryLimitIsInTheTableOfLimits(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("message_validate_limits.go")
	if err != nil {
		t.Fatal(err)
	}
	limits := regexp.MustCompile(`(?m)^\t(limit\w+) += bounds`).FindAllSubmatch(source, -1)
	for _, limit := range limits {
		name := string(limit[1])
		inTable := slices.ContainsFunc(limitCases, func(c limitCase) bool { return c.name == name })
		if !inTable && name != "limitNone" { // which limits nothing
			t.Errorf("%s has no values at, below and above it", name)
		}
	}
	if len(limits) < 30 {
		t.Errorf("%d limits found in the source", len(limits))
	}
}
