package templates

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// field is a field of a generated struct. The key tells what it fills, the same in all
// languages: it is the name of a parameter, or begins with a # for other values.
type field struct {
	key      string
	kind     fieldKind
	required bool
	name     string // in Go
	argument string // in Go; empty for an optional one
	button   int    // of an optional one, from 1
	doc      string
	path     string // in the file
}

// fieldKind is a Go type with what generated code does to tell that a value is missing.
type fieldKind struct {
	goType string
	// empty is the condition, in which $ stands for the field.
	empty     string
	want, got string // of the violation
}

var (
	textKind     = fieldKind{"string", `$ == ""`, "a text", "none"}
	imageKind    = fieldKind{"kirim.Image", `$.Link == "" && $.ID == ""`, "a link or an id", "neither"}
	videoKind    = fieldKind{"kirim.Video", imageKind.empty, imageKind.want, imageKind.got}
	documentKind = fieldKind{"kirim.Document", imageKind.empty, imageKind.want, imageKind.got}
	locationKind = fieldKind{"kirim.TemplateLocation", `$ == (kirim.TemplateLocation{})`, "a place", "none"}
	productKind  = fieldKind{"kirim.ProductItem", `$.CatalogID == "" || $.RetailerID == ""`, "a catalog id and a retailer id", "one or none"}
	timeKind     = fieldKind{"time.Time", `!$.After(time.Now())`, "a time in the future", "none or one in the past"}
	productsKind = fieldKind{"[]kirim.ProductSection", `len($) == 0`, "products", "none"}
	paymentKind  = fieldKind{goType: "kirim.PaymentRequest"} // which Validate looks at
	// https://docs.kirimdev.com/sending/send-template-otp/
	codeKind = fieldKind{"string", `$ == "" || utf8.RuneCountInString($) > 15`, "a code of 1 to 15 characters", "none or a longer one"}
	dataKind = fieldKind{goType: "json.RawMessage"}
	intKind  = fieldKind{goType: "int"}
)

// headerKinds are the kinds of headers that take no text.
var headerKinds = map[string]fieldKind{
	"image": imageKind, "video": videoKind, "document": documentKind, "location": locationKind, "product": productKind,
}

// Keys of fields that are no parameters, in the order of the arguments. Parameters
// come after headerKey, which ends in the format.
const (
	headerKey   = "#header_"
	codeKey     = "#code"
	offerKey    = "#offer_ends"
	productsKey = "#products"
	paymentKey  = "#payment"
	cardsKey    = "#cards"
)

// fieldsOf returns what a design takes, cards aside, in the order of its components.
func fieldsOf(d design) (fields []field) {
	add := func(key string, kind fieldKind, path, doc string) {
		fields = append(fields, field{key: key, kind: kind, required: true, doc: doc, path: path})
	}
	optional := func(index int, what string, kind fieldKind, path, doc string) {
		key := fmt.Sprintf("#button_%d_%s", index+1, what)
		fields = append(fields, field{key: key, kind: kind, button: index + 1, path: path, doc: doc})
	}
	texts := func(t *textDesign) {
		for _, name := range t.variables {
			add(name, textKind, t.path, "fills {{"+name+"}}")
		}
	}
	if h := d.header; h != nil && h.format == "text" {
		texts(h)
	} else if h != nil {
		add(headerKey+h.format, headerKinds[h.format], h.path, "is the header")
	}
	if d.offer {
		add(offerKey, timeKind, d.path, "is when the offer ends")
	}
	switch {
	case d.oneTimeCode:
		add(codeKey, codeKind, d.path, "is the one-time code, of at most 15 characters")
	case d.body != nil:
		texts(d.body)
	}
	for i, b := range d.buttons {
		label := strconv.Quote(b.text)
		switch b.kind {
		case ButtonURL:
			if !d.oneTimeCode && len(b.variables) > 0 {
				add(b.variables[0], textKind, b.path, "ends the link of the button "+label)
			}
		case ButtonCopyCode:
			add(b.variables[0], textKind, b.path, "is the code that a button copies, of at most 20 characters")
		case ButtonQuickReply:
			optional(i, "payload", textKind, b.path, "comes back when the button "+label+" is chosen")
		case ButtonFlow:
			optional(i, "flow_token", textKind, b.path, "is the token of the flow behind the button "+label)
			optional(i, "flow_data", dataKind, b.path, "is a JSON object for the first screen of the flow")
		case ButtonCatalog:
			optional(i, "thumbnail", textKind, b.path, "is the retailer id of the product whose picture is shown")
		case ButtonProducts:
			add(productsKey, productsKind, b.path, "are what the button "+label+" shows, at most 10 sections with 30 products")
			optional(i, "thumbnail", textKind, b.path, "is the retailer id of the product whose picture is shown")
		case ButtonVoiceCall:
			optional(i, "minutes", intKind, b.path, "is for how long the button "+label+" works, 1 to 43200; 0 is as defined")
			optional(i, "payload", textKind, b.path, "comes back in the webhooks of the call, at most 512 characters")
		case buttonOrderDetails:
			add(paymentKey, paymentKind, b.path, "is what is to be paid behind the button "+label)
		default: // the others take nothing, or the one-time code
		}
	}
	return merged(fields)
}

// buttonOrderDetails is a type that files have among components only.
const buttonOrderDetails ButtonType = "order_details"

// merged returns the fields with each key once.
func merged(fields []field) (once []field) {
	for _, f := range fields {
		if !slices.ContainsFunc(once, func(o field) bool { return o.key == f.key }) {
			once = append(once, f)
		}
	}
	return once
}

// cardFieldName returns the name of a parameter of one card without the number of the
// card, counted from 1: item of item_2 and of card_2_item.
func cardFieldName(parameter string, number int) (string, bool) {
	n := strconv.Itoa(number)
	if rest, ok := strings.CutPrefix(parameter, "card_"+n+"_"); ok && rest != "" {
		return rest, true
	}
	rest, ok := strings.CutSuffix(parameter, "_"+n)
	return rest, ok && rest != ""
}

// cardParameters returns the names in the struct of cards of those parameters that each
// card has one of and nothing else uses.
func (d design) cardParameters() map[string]string {
	uses := make(map[string]int)
	for _, part := range append([]design{d}, d.cards...) {
		for _, f := range fieldsOf(part) {
			uses[f.key]++
		}
	}
	names := make(map[string]string)
	cards := make(map[string]int) // how many have a parameter of a name
	for i, card := range d.cards {
		seen := make(map[string]bool)
		for _, f := range fieldsOf(card) {
			name, numbered := cardFieldName(f.key, i+1)
			if !numbered || uses[f.key] > 1 {
				continue
			}
			names[f.key] = name
			cards[name]++
			if seen[name] { // which of the two it is cannot be said
				cards[name] += len(d.cards)
			}
			seen[name] = true
		}
	}
	maps.DeleteFunc(names, func(_, name string) bool { return cards[name] != len(d.cards) })
	return names
}

// ofProducts reports whether the cards show products, of which each message has 2 to 10.
func (d design) ofProducts() bool {
	return len(d.cards) > 0 && d.cards[0].header != nil && d.cards[0].header.format == "product"
}
