package kirim

import "time"

// FillHeaderText fills the variable of a text header.
func FillHeaderText(value string) Component {
	return headerComponent(TextParameter(value))
}

// FillHeaderImage fills an image header with a public link, http or https.
func FillHeaderImage(link string) Component {
	return headerComponent(Parameter{Type: "image", Image: &Image{Link: link}})
}

// FillHeaderVideo fills a video header with a public link, http or https.
func FillHeaderVideo(link string) Component {
	return headerComponent(Parameter{Type: "video", Video: &Video{Link: link}})
}

// FillHeaderDocument fills a document header with the public link, http or https,
// of a PDF.
// An empty filename is left out.
func FillHeaderDocument(link, filename string) Component {
	return headerComponent(Parameter{Type: "document", Document: &Document{Link: link, Filename: filename}})
}

// FillHeaderLocation fills a location header.
func FillHeaderLocation(place TemplateLocation) Component {
	return headerComponent(Parameter{Type: "location", Location: &place})
}

// FillHeaderProduct fills the header of a product card.
func FillHeaderProduct(catalogID, retailerID string) Component {
	return headerComponent(Parameter{Type: "product", Product: &ProductItem{CatalogID: catalogID, RetailerID: retailerID}})
}

// FillHeaderNamedText fills the named variable of a text header.
func FillHeaderNamedText(name, value string) Component {
	return headerComponent(NamedTextParameter(name, value))
}

// FillHeaderImageID fills an image header with an image that Meta already holds.
func FillHeaderImageID(id string) Component {
	return headerComponent(Parameter{Type: "image", Image: &Image{ID: id}})
}

// FillHeaderVideoID fills a video header with a video that Meta already holds.
func FillHeaderVideoID(id string) Component {
	return headerComponent(Parameter{Type: "video", Video: &Video{ID: id}})
}

// FillHeaderDocumentID fills a document header with a PDF that Meta already holds.
// An empty filename is left out.
func FillHeaderDocumentID(id, filename string) Component {
	return headerComponent(Parameter{Type: "document", Document: &Document{ID: id, Filename: filename}})
}

func headerComponent(p Parameter) Component {
	return Component{Type: "header", Parameters: []Parameter{p}}
}

// FillBody fills the positional variables of the body, in their order.
func FillBody(values ...string) Component {
	params := make([]Parameter, len(values))
	for i, value := range values {
		params[i] = TextParameter(value)
	}
	return FillBodyParameters(params...)
}

// FillBodyParameters fills the variables of the body with values of any type.
func FillBodyParameters(params ...Parameter) Component {
	return Component{Type: "body", Parameters: params}
}

// TextParameter is a positional text.
func TextParameter(value string) Parameter {
	return Parameter{Type: "text", Text: value}
}

// NamedTextParameter is the text of a named variable.
func NamedTextParameter(name, value string) Parameter {
	return Parameter{Type: "text", Name: name, Text: value}
}

// FillOrderStatus tells how the order with that reference ID stands, in a
// template that was defined for it. An empty description is left out.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-in/orderstatustemplate/
func FillOrderStatus(referenceID string, status OrderState, description string) Component {
	return Component{Type: "order_status", Parameters: []Parameter{{
		Type: "order_status", OrderStatus: &OrderUpdate{referenceID, OrderUpdateState{status, description}},
	}}}
}

// CurrencyParameter is an amount of money, which is 1000 times what is shown.
// Code is the ISO 4217 code, and fallback is shown where the amount cannot be
// put in the reader's format.
func CurrencyParameter(code string, amount1000 int64, fallback string) Parameter {
	return Parameter{Type: "currency", Currency: &TemplateCurrency{Fallback: fallback, Code: code, Amount1000: amount1000}}
}

// DateTimeParameter is a point in time, shown as written.
func DateTimeParameter(text string) Parameter {
	return Parameter{Type: "date_time", DateTime: &TemplateDateTime{Fallback: text}}
}

// FillLimitedTimeOffer sets the end of a limited-time offer, to the millisecond.
func FillLimitedTimeOffer(at time.Time) Component {
	return Component{Type: "limited_time_offer", Parameters: []Parameter{{
		Type: "limited_time_offer", LimitedTimeOffer: &TemplateOffer{ExpirationTimeMS: at.UnixMilli()},
	}}}
}

// FillCarousel fills the cards of a carousel template, each with its own components.
// A carousel of media takes exactly as many as were approved, one of products
// 2 to 10.
func FillCarousel(cards ...[]Component) Component {
	return Component{Type: "carousel", Cards: mapSlice(cards, func(_ int, components []Component) TemplateCard {
		return TemplateCard{Components: components}
	})}
}

// FillOneTimeCode fills an authentication template: the code goes into the body
// and into its button, which was created as a one-time-code button but is
// addressed as a url button at index 0.
//
// The code has at most 15 characters, no URL and no emoji. Validate cannot tell
// such a template from others; [Template.Check] can, and checks the length.
//
// Docs: https://docs.kirimdev.com/sending/send-template-otp/
func FillOneTimeCode(code string) []Component {
	return []Component{FillBody(code), ButtonURL(0, code)}
}
