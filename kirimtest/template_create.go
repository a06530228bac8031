package kirimtest

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
)

var templateName = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)

// createTemplate handles POST …/templates: the template is stored as pending
// and reviewed later.
func createTemplate(x *exchange, n PhoneNumber) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	st, v, now := &x.s.state, x.checker(), x.now()
	v.meta = x.s.cfg.metaMessages
	t := v.newTemplate(o)
	var variables []string
	if present(o, "variables") {
		variables = v.texts(o, "variables", 0, 1<<20)
	}
	if v.err != nil {
		return failed(v.err)
	}
	if n.Status != connected {
		return failed(fail("whatsapp_number_not_verified", "", "The phone number is not connected."))
	}
	if st.named[templateID{t.Name, t.Language}] != nil {
		return failed(fail("template_already_exists", "name", "The template exists in this language."))
	}
	row := st.putTemplate(t, now)
	row.variables = variables
	x.s.beginReview(row, now)
	return ok(http.StatusCreated, viewTemplate(row))
}

// newTemplate checks a template as far as it can be known from the request.
func (v *checker) newTemplate(o map[string]any) Template {
	t := Template{
		Name:     v.text(o, "", "name", 1, 0),
		Category: v.oneOf(o, "", "category", "MARKETING", utility, authentication),
		Language: v.text(o, "", "language", 1, 0),
		Status:   TemplatePending,
	}
	if !templateName.MatchString(t.Name) {
		v.invalid("", "name", "The name must consist of lower-case letters, digits and underscores.")
	}
	if present(o, "parameter_format") {
		t.ParameterFormat = v.text(o, "", "parameter_format", 0, 0)
		if format := strings.ToLower(t.ParameterFormat); format != "named" && format != "positional" {
			v.invalid("", "parameter_format", "The value must be one of: positional, named.")
		}
	}
	count := make(map[string]int)
	for i, part := range v.objects(o, "", "components", 1, 0) {
		at := at("components", i)
		kind := v.componentType(part, at)
		if count[kind]++; count[kind] > 1 {
			v.invalid(at, "type", "There can be only one "+kind+".")
		}
		switch kind {
		case "HEADER":
			v.templateHeader(part, at)
		case "BODY":
			if t.Category != authentication { // whose text is Meta's
				v.text(part, at, "text", 1, 0)
			}
			v.bool(part, at, "add_security_recommendation")
		case "FOOTER":
			if t.Category != authentication {
				v.text(part, at, "text", 1, 0)
			}
		case "BUTTONS":
			for j, button := range v.objects(part, at, "buttons", 1, 0) {
				v.text(button, at+".buttons["+strconv.Itoa(j)+"]", "type", 1, 0)
			}
		case "LIMITED_TIME_OFFER":
			v.object(part, at, "limited_time_offer")
		case "CAROUSEL":
			for j, card := range v.objects(part, at, "cards", 2, 10) {
				v.objects(card, at+".cards["+strconv.Itoa(j)+"]", "components", 1, 0)
			}
		}
	}
	if count["BODY"] == 0 {
		v.invalid("", "components", "There must be exactly one BODY.")
	}
	for _, name := range []string{"messageSendTtlSeconds", "message_send_ttl_seconds"} { // Kirim's and Meta's
		if present(o, name) {
			t.TTLSeconds = int(v.integer(o, name, 0, -1, 1<<31))
		}
	}
	t.Components, _ = json.Marshal(o["components"]) // it came as JSON
	return t
}

// componentType returns the type of a component in upper case. Meta's own examples
// have it in either.
func (v *checker) componentType(part map[string]any, at string) string {
	if !v.meta {
		return v.oneOf(part, at, "type", "HEADER", "BODY", "FOOTER", "BUTTONS")
	}
	kind := strings.ToUpper(v.text(part, at, "type", 1, 0))
	return v.oneOf(map[string]any{"type": kind}, at, "type", "HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER")
}

func (v *checker) templateHeader(o map[string]any, at string) {
	formats := []string{"TEXT", "IMAGE", "VIDEO", "DOCUMENT"}
	if v.meta {
		formats = append(formats, "LOCATION")
	}
	switch format := v.oneOf(o, at, "format", formats...); format {
	case "TEXT":
		v.text(o, at, "text", 1, 0)
	case "LOCATION":
	default:
		v.headerSample(o, at, format)
	}
}

// headerSample checks the sample that a header of media has.
func (v *checker) headerSample(o map[string]any, at, format string) {
	example := v.object(o, at, "example")
	at += ".example"
	samples := 0
	for _, key := range []string{"header_url", "header_handle"} {
		given, _ := example[key].([]any)
		for i, item := range given {
			sample, _ := item.(string)
			samples++
			if key == "header_url" || strings.HasPrefix(sample, "https://") {
				v.sample(sample, at+"."+key+"["+strconv.Itoa(i)+"]", format)
			}
		}
	}
	if samples == 0 {
		v.missing(at, "header_url")
	}
}

// sample checks the URL of a sample, which the sandbox does not fetch.
func (v *checker) sample(s, at, format string) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		v.invalid(at, "", "The sample must be an https URL.")
		return
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if isLocal(u.Hostname()) || err == nil && (ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()) {
		v.invalid(at, "", "The sample must be at a public address.")
	}
	if format == "IMAGE" && strings.EqualFold(path.Ext(u.Path), ".webp") {
		v.invalid(at, "", "The sample of an image must be JPEG or PNG.")
	}
}
