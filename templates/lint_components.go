package templates

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object of components, with its path in the file.
type object struct {
	l       *linter
	path    string
	members map[string]any
}

func (o object) at(name string) string { return childPath(o.path, name) }

// wrong reports a member that has another shape than the API takes.
func (o object) wrong(path, want string) {
	o.l.report("component-shape", path, "want %s", want)
}

// text returns a text, and empty for none.
func (o object) text(name string) string {
	switch value := o.members[name].(type) {
	case nil:
	case string:
		return value
	default:
		o.wrong(o.at(name), "a text")
	}
	return ""
}

func (o object) flag(name string) bool {
	switch value := o.members[name].(type) {
	case nil:
	case bool:
		return value
	default:
		o.wrong(o.at(name), "true or false")
	}
	return false
}

func (o object) number(name string) int {
	switch value := o.members[name].(type) {
	case nil:
	case float64:
		if n := int(value); float64(n) == value {
			return n
		}
		o.wrong(o.at(name), "a whole number")
	default:
		o.wrong(o.at(name), "a whole number")
	}
	return 0
}

// object returns a member that is an object; one without members for none.
func (o object) object(name string) object {
	inner := object{l: o.l, path: o.at(name)}
	switch value := o.members[name].(type) {
	case nil:
	case map[string]any:
		inner.members = value
	default:
		o.wrong(inner.path, "an object")
	}
	return inner
}

// objects returns a list of objects. An item of another shape is reported and left out.
func (o object) objects(name string) (items []object) {
	switch list := o.members[name].(type) {
	case nil:
	case []any:
		return objectsOf(o.l, o.at(name), list)
	default:
		o.wrong(o.at(name), "a list")
	}
	return nil
}

func objectsOf(l *linter, path string, list []any) (items []object) {
	for i, value := range list {
		item := object{l: l, path: itemPath(path, i)}
		members, fits := value.(map[string]any)
		if !fits {
			item.wrong(item.path, "an object")
			continue
		}
		item.members = members
		items = append(items, item)
	}
	return items
}

// samples returns the texts of a sample, which is a text, a list or a list of lists.
func (o object) samples(name string) (samples []string) {
	value := o.members[name]
	if list, fits := value.([]any); fits && len(list) > 0 {
		if inner, fits := list[0].([]any); fits {
			value = inner
		}
	}
	switch value := value.(type) {
	case nil:
	case string:
		return []string{value}
	case []any:
		for _, item := range value {
			sample, fits := item.(string)
			if !fits {
				o.wrong(o.at(name), "texts")
				return samples
			}
			samples = append(samples, sample)
		}
	default:
		o.wrong(o.at(name), "a list of texts")
	}
	return samples
}

// namedSamples returns samples by the names of their variables.
func (o object) namedSamples(name string) map[string]string {
	samples := make(map[string]string)
	for _, sample := range o.objects(name) {
		samples[sample.text("param_name")] = sample.text("example")
	}
	return samples
}

// readComponents fills the model with the components of a language.
func (l *linter) readComponents(m *languageModel) {
	path := childPath(m.path, "components")
	var list []any
	if json.Unmarshal(m.source.Components, &list) != nil {
		l.report("component-shape", path, "want a list")
	}
	m.buttonsPath, m.cardsPath = path, path
	for _, c := range l.components(&m.content, m.named, objectsOf(l, path, list)) {
		switch strings.ToLower(c.text("type")) {
		case "carousel":
			m.cardsPath = c.at("cards")
			for _, item := range c.objects("cards") {
				card := content{path: item.path, buttonsPath: item.path}
				for _, other := range l.components(&card, m.named, item.objects("components")) {
					l.report("component-type", other.at("type"), "a card has a header, a body and buttons")
				}
				if card.footer != nil {
					l.report("component-type", card.footer.path, "a card has no footer")
				}
				m.cards = append(m.cards, card)
			}
		case "limited_time_offer":
			offer := c.object("limited_time_offer")
			m.offer = &offerModel{c.path, offer.at("text"), offer.text("text"), offer.flag("has_expiration")}
		case "greeting", "album", "attachment", "call_permission_request", "tap_target_configuration":
			// Meta has them; there are no rules for them here.
		default:
			l.report("component-type", c.at("type"), "this type of component is not known, and not checked")
		}
	}
}

// components fills a language or a card with what both may have, and returns the other
// components.
func (l *linter) components(into *content, named bool, components []object) (others []object) {
	seen := make(map[string]bool)
	for _, c := range components {
		kind := strings.ToLower(c.text("type"))
		if seen[kind] {
			l.report("component-repeated", c.path, "there is a component of the type %s before", kind)
			continue
		}
		seen[kind] = kind != ""
		switch kind {
		case "header":
			into.header = rawHeader(c, named)
		case "body":
			if into.body = rawText(c, named, "body"); c.flag("add_security_recommendation") {
				into.recommendation = c.at("add_security_recommendation")
			}
		case "footer":
			into.footer = rawText(c, named, "footer")
			if into.minutes = c.number("code_expiration_minutes"); into.minutes != 0 {
				into.expiration = c.at("code_expiration_minutes")
			}
		case "buttons":
			into.buttonsPath = c.at("buttons")
			for _, b := range c.objects("buttons") {
				into.buttons = append(into.buttons, rawButton(b, named))
			}
		default:
			others = append(others, c)
		}
	}
	return others
}

// rawText returns the text of a component, and nil for none.
func rawText(c object, named bool, kind string) *text {
	value := c.text("text")
	if value == "" {
		return nil
	}
	t := newText(c.at("text"), value)
	t.raw, t.named = true, named
	example := c.object("example")
	if named {
		t.samples = example.namedSamples(kind + "_text_named_params")
	} else {
		t.samples = numberedSamples(example.samples(kind + "_text"))
	}
	return t
}

func numberedSamples(list []string) map[string]string {
	samples := make(map[string]string)
	for i, sample := range list {
		samples[strconv.Itoa(i+1)] = sample
	}
	return samples
}

func rawHeader(c object, named bool) *headerModel {
	h := &headerModel{path: c.path, kind: strings.ToLower(c.text("format")), kinds: 1}
	switch h.kind {
	case "", "text": // the format of a header without one is that of its text
		h.kind = "text"
		if h.text = rawText(c, named, "header"); h.text == nil {
			h.kind, h.kinds = "", 0
		}
	case "image", "video", "document", "gif":
		example := c.object("example")
		h.mediaPath = c.path
		for _, member := range []string{"header_url", "header_handle"} {
			samples := example.samples(member)
			if len(samples) == 0 || samples[0] == "" {
				continue
			}
			if h.mediaPath = example.at(member); member == "header_url" {
				h.media.URL = samples[0]
			} else {
				h.media.Handle = samples[0]
			}
		}
	case "location", "product":
	default:
		c.l.report("component-type", c.at("format"), "this format of a header is not known, and not checked")
	}
	return h
}

func rawButton(o object, named bool) buttonModel {
	b := buttonModel{path: o.path, raw: true, Button: Button{
		Type: ButtonType(strings.ToLower(o.text("type"))), Text: o.text("text"), URL: o.text("url"), PhoneNumber: o.text("phone_number"),
		OTPType: strings.ToLower(o.text("otp_type")), AutofillText: o.text("autofill_text"), TermsAccepted: o.flag("zero_tap_terms_accepted"),
		FlowID: o.text("flow_id"), FlowName: o.text("flow_name"), FlowJSON: o.text("flow_json"), FlowAction: strings.ToLower(o.text("flow_action")),
		Screen: o.text("navigate_screen"), TTLMinutes: o.number("ttl_minutes"),
	}}
	for _, app := range o.objects("supported_apps") {
		b.Apps = append(b.Apps, App{app.text("package_name"), app.text("signature_hash")})
	}
	if name, hash := o.text("package_name"), o.text("signature_hash"); name != "" || hash != "" {
		b.Apps, b.loose = append(b.Apps, App{name, hash}), true
	}
	samples := o.samples("example")
	if b.URL != "" {
		b.url = newText(o.at("url"), b.URL)
		b.url.raw, b.url.named = true, named
		b.url.samples = make(map[string]string)
		for i, name := range b.url.names() {
			if i < len(samples) {
				b.url.samples[name] = samples[i]
			}
		}
	}
	if b.Type == ButtonCopyCode && len(samples) > 0 {
		b.sample = samples[0]
	}
	return b
}

// appPath is the path of a member of an app.
func (b *buttonModel) appPath(i int, member string) string {
	if b.loose && i == len(b.Apps)-1 {
		return childPath(b.path, member)
	}
	return fmt.Sprintf("%s.%s", itemPath(b.member("apps"), i), member)
}

// typedMembers are the members of a language that components stand in for.
func typedMembers(source *Language) (members []string) {
	for name, is := range map[string]bool{
		"header": source.Header != nil, "body": source.Body != "", "footer": source.Footer != "", "offer": source.Offer != nil,
		"security_recommendation": source.SecurityRecommendation, "code_expiration_minutes": source.CodeExpirationMinutes != 0,
		"buttons": len(source.Buttons) > 0, "cards": len(source.Cards) > 0, "samples": len(source.Samples) > 0,
	} {
		if is {
			members = append(members, name)
		}
	}
	slices.Sort(members)
	return members
}
