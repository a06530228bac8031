package templates

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// filling is a component of a message that fills a part of a template.
type filling struct {
	what   string // image, text, body, url …
	index  int    // of a button
	keys   []string
	names  []string // of the variables, in the format named
	option bool     // it is sent only where one of its values is given
}

// fills returns the components that fill a design, cards aside. Keys are those of the
// fields; onCards has those that are fields of a card.
func (d design) fills(onCards map[string]string) (fills []filling) {
	keys := func(names []string) []string {
		names = slices.Clone(names)
		for i, name := range names {
			if own, ok := onCards[name]; ok {
				names[i] = cardPrefix + own
			}
		}
		return names
	}
	named := func(names []string) []string {
		if d.named {
			return names
		}
		return nil
	}
	if h := d.header; h != nil && h.format != "text" {
		fills = append(fills, filling{what: h.format, keys: []string{headerKey + h.format}})
	} else if h != nil && len(h.variables) > 0 {
		fills = append(fills, filling{what: "text", keys: keys(h.variables), names: named(h.variables)})
	}
	if d.offer {
		fills = append(fills, filling{what: "offer", keys: []string{offerKey}})
	}
	if d.oneTimeCode {
		fills = append(fills, filling{what: "body", keys: []string{codeKey}})
	} else if d.body != nil && len(d.body.variables) > 0 {
		fills = append(fills, filling{what: "body", keys: keys(d.body.variables), names: named(d.body.variables)})
	}
	for i, b := range d.buttons {
		f := filling{what: string(b.kind), index: i}
		option := func(what string) string { return fmt.Sprintf("#button_%d_%s", i+1, what) }
		switch b.kind {
		case ButtonURL, ButtonOTP:
			if f.what, f.keys = string(ButtonURL), keys(b.variables); d.oneTimeCode {
				f.keys = []string{codeKey}
			}
		case ButtonCopyCode:
			f.keys = keys(b.variables)
		case ButtonQuickReply:
			f.option, f.keys = true, []string{option("payload")}
		case ButtonFlow:
			f.option, f.keys = true, []string{option("flow_token"), option("flow_data")}
		case ButtonCatalog:
			f.option, f.keys = true, []string{option("thumbnail")}
		case ButtonProducts:
			f.keys = []string{option("thumbnail"), productsKey}
		case ButtonVoiceCall:
			f.option, f.keys = true, []string{option("minutes"), option("payload")}
		case buttonOrderDetails:
			f.keys = []string{paymentKey}
		default: // the others take nothing
		}
		if len(f.keys) > 0 {
			fills = append(fills, f)
		}
	}
	return fills
}

// cardPrefix begins the key of a parameter that is a field of a card.
const cardPrefix = "#card."

// fillFunctions are the functions of package kirim that make a component of the values
// of a fill, where it takes nothing else.
var fillFunctions = map[string]string{
	"location": "FillHeaderLocation", "offer": "FillLimitedTimeOffer", "text": "FillHeaderText", "body": "FillBody",
}

// buttonFunctions are the same for buttons, which take their index first.
var buttonFunctions = map[string]string{
	"url": "ButtonURL", "copy_code": "ButtonCopyCode", "quick_reply": "ButtonQuickReply", "flow": "ButtonFlow",
	"catalog": "ButtonCatalog", "mpm": "ButtonProducts", "voice_call": "ButtonVoiceCall", "order_details": "ButtonOrderDetails",
}

// code returns the Go expression of a fill, as an element of a list. ref returns that of the field of a key.
func (f filling) code(ref func(key string) string) string {
	values := make([]string, len(f.keys))
	for i, key := range f.keys {
		values[i] = ref(key)
		if f.names != nil && f.what == "text" {
			return fmt.Sprintf("kirim.FillHeaderNamedText(%q, %s)", f.names[i], values[i])
		}
		if f.names != nil {
			values[i] = fmt.Sprintf("kirim.NamedTextParameter(%q, %s)", f.names[i], values[i])
		}
	}
	list := strings.Join(values, ", ")
	switch f.what {
	case "image", "video", "document":
		title := strings.ToUpper(f.what[:1]) + f.what[1:]
		return fmt.Sprintf(`{Type: "header", Parameters: []kirim.Parameter{{Type: %q, %s: &%s}}}`, f.what, title, list)
	case "product":
		return fmt.Sprintf("kirim.FillHeaderProduct(%[1]s.CatalogID, %[1]s.RetailerID)", list)
	case "mpm":
		list += "..."
	case "body":
		if f.names != nil {
			return "kirim.FillBodyParameters(" + list + ")"
		}
	}
	if function, ok := fillFunctions[f.what]; ok {
		return "kirim." + function + "(" + list + ")"
	}
	return "kirim." + buttonFunctions[f.what] + "(" + strconv.Itoa(f.index) + ", " + list + ")"
}

// given returns the Go condition that one of the values of an optional fill is given.
func (f filling) given(ref func(key string) string) string {
	conditions := make([]string, len(f.keys))
	for i, key := range f.keys {
		switch {
		case strings.HasSuffix(key, "_minutes"):
			conditions[i] = ref(key) + " != 0"
		case strings.HasSuffix(key, "_data"):
			conditions[i] = "len(" + ref(key) + ") > 0"
		default:
			conditions[i] = ref(key) + ` != ""`
		}
	}
	return strings.Join(conditions, " || ")
}
