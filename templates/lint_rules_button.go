package templates

import (
	"encoding/json"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kirim-go/kirim"
)

// buttonMembers are the members that a button of each type may have beside text, and
// those that it needs.
var buttonMembers = map[ButtonType]struct{ allowed, required []string }{
	ButtonURL:         {[]string{"url"}, []string{"text", "url"}},
	ButtonPhoneNumber: {[]string{"phone_number"}, []string{"text", "phone_number"}},
	ButtonQuickReply:  {nil, []string{"text"}},
	ButtonCopyCode:    {[]string{"code"}, []string{"code"}},
	ButtonOTP:         {[]string{"otp_type", "autofill_text", "apps", "terms_accepted"}, []string{"otp_type"}},
	ButtonFlow:        {[]string{"flow_id", "flow_name", "flow_json", "flow_action", "screen"}, []string{"text"}},
	ButtonCatalog:     {},
	ButtonProducts:    {},
	ButtonProduct:     {},
	ButtonVoiceCall:   {allowed: []string{"ttl_minutes"}},
}

// members are the members that the button has, except its type.
func (b *buttonModel) members() (members []string) {
	for _, m := range []struct {
		name string
		is   bool
	}{
		{"text", b.Text != ""}, {"url", b.URL != ""}, {"phone_number", b.PhoneNumber != ""},
		{"code", b.Code != "" || b.raw && b.sample != ""},
		{"otp_type", b.OTPType != ""}, {"autofill_text", b.AutofillText != ""}, {"apps", len(b.Apps) > 0}, {"terms_accepted", b.TermsAccepted},
		{"flow_id", b.FlowID != ""}, {"flow_name", b.FlowName != ""}, {"flow_json", b.FlowJSON != ""}, {"flow_action", b.FlowAction != ""},
		{"screen", b.Screen != ""}, {"ttl_minutes", b.TTLMinutes != 0},
	} {
		if m.is {
			members = append(members, m.name)
		}
	}
	return members
}

// checkButtons decides the rules about the buttons of a language and its cards.
func (l *linter) checkButtons(m *languageModel) {
	for _, c := range append([]content{m.content}, m.cards...) {
		texts := make(map[string]bool)
		for i := range c.buttons {
			b := &c.buttons[i]
			l.checkButton(m, b)
			if folded := strings.ToLower(strings.TrimSpace(b.Text)); folded != "" {
				if texts[folded] {
					l.report("button-duplicate", b.member("text"), "a button before has the same text")
				}
				texts[folded] = true
			}
		}
	}
	if n := len(m.buttons); n > 10 {
		l.report("button-count", m.buttons[10].path, "want at most 10 buttons, got %d", n)
	}
	for _, limit := range []struct {
		kind ButtonType
		most int
		rule string
	}{
		{ButtonURL, 2, "button-limit"}, {ButtonPhoneNumber, 1, "button-limit"}, {ButtonCopyCode, 1, "button-limit"},
		{ButtonFlow, 1, "button-single"}, {ButtonCatalog, 1, "button-single"}, {ButtonProducts, 1, "button-single"},
		{ButtonProduct, 1, "button-single"}, {ButtonVoiceCall, 1, "button-single"},
	} {
		var paths []string
		for i := range m.buttons {
			if m.buttons[i].Type == limit.kind {
				paths = append(paths, m.buttons[i].path)
			}
		}
		if n := len(paths); n > limit.most {
			l.report(limit.rule, paths[limit.most], "want at most %d of type %s, got %d", limit.most, limit.kind, n)
		}
	}
	l.checkButtonOrder(m.buttons)
}

// checkButtonOrder reports the first button that separates the quick replies.
func (l *linter) checkButtonOrder(buttons []buttonModel) {
	changes := 0
	for i := 1; i < len(buttons); i++ {
		if (buttons[i].Type == ButtonQuickReply) != (buttons[i-1].Type == ButtonQuickReply) {
			if changes++; changes == 2 {
				l.report("button-order", buttons[i].path, "want all quick replies together, before or after the other buttons")
				return
			}
		}
	}
}

func (l *linter) checkButton(m *languageModel, b *buttonModel) {
	members, known := buttonMembers[b.Type]
	if !known {
		if !slices.Contains(buttonTypes, b.Type) { // there are types without rules here
			l.report("button-type", b.member("type"), "this type of button is not known, and not checked")
		}
		return
	}
	has := b.members()
	for _, name := range has {
		if name != "text" && !slices.Contains(members.allowed, name) {
			l.report("button-member", b.member(name), "%s does not belong to a button of type %s", name, b.Type)
		}
	}
	for _, name := range members.required {
		if !slices.Contains(has, name) && (name != "code" || !b.raw) {
			l.report("button-required", b.path, "a button of type %s needs %s", b.Type, name)
		}
	}
	l.checkButtonText(m, b)
	switch b.Type {
	case ButtonURL:
		if b.url != nil {
			l.checkURL(b)
		}
	case ButtonPhoneNumber:
		if n := utf8.RuneCountInString(b.PhoneNumber); n > 20 {
			l.report("phone-number-length", b.member("phone_number"), "want at most 20 characters, got %d", n)
		}
		if variable.MatchString(b.PhoneNumber) {
			l.report("button-variable", b.member("phone_number"), "a phone number has no variables")
		}
	case ButtonCopyCode:
		l.checkCoupon(m, b)
	case ButtonOTP:
		l.checkOTP(b)
	case ButtonFlow:
		l.checkFlow(b)
	case ButtonVoiceCall:
		if b.TTLMinutes < 0 || b.TTLMinutes > 43_200 {
			l.report("call-minutes", b.member("ttl_minutes"), "want 1 to 43200 minutes, got %d", b.TTLMinutes)
		}
	default: // the others have a text alone
	}
	if slices.Contains([]ButtonType{ButtonCopyCode, ButtonCatalog, ButtonProducts, ButtonProduct}, b.Type) &&
		m.category == kirim.TemplateUtility { // for authentication, no such button is right
		l.report("button-category", b.path, "buttons of type %s are for marketing", b.Type)
	}
}

func (l *linter) checkButtonText(m *languageModel, b *buttonModel) {
	path := b.member("text")
	if n := utf8.RuneCountInString(b.Text); n > 25 {
		l.report("button-text-length", path, "want at most 25 characters, got %d", n)
	}
	if hasNewline(b.Text) || hasEmoji(b.Text) || strings.ContainsAny(variable.ReplaceAllString(b.Text, ""), "*_~`") {
		l.report("button-text-characters", path, "want no newlines, emojis and markup in the text of a button")
	}
	// Meta's page of offers lets the text of their url button have a variable, but no
	// message could fill it.
	if variable.MatchString(b.Text) && m.offer == nil {
		l.report("button-variable", path, "the text of a button has no variables")
	}
}

func (l *linter) checkURL(b *buttonModel) {
	t := b.url
	if n := t.length(); n > 2000 {
		l.report("url-length", t.path, "want at most 2000 characters, got %d", n)
	}
	switch n := len(t.occurrences); {
	case n > 1:
		l.reportIn("url-variable", t, t.occurrences[1].start, "want at most one variable in a URL, got %d", n)
	case n == 1 && t.occurrences[0].end != len(t.value):
		l.reportIn("url-variable", t, t.occurrences[0].start, "want the variable at the end of the URL")
	}
	u, err := url.Parse(t.plain())
	switch {
	case strings.ContainsFunc(t.plain(), func(r rune) bool { return r <= ' ' }):
		l.report("url-form", t.path, "want a URL without spaces")
	case err != nil || u.Host == "" || !strings.EqualFold(u.Scheme, "https") && !strings.EqualFold(u.Scheme, "http"):
		l.report("url-form", t.path, "want a URL that starts with https:// or http:// and a host")
	}
}

func (l *linter) checkCoupon(m *languageModel, b *buttonModel) {
	path := b.member("code")
	if !b.raw && b.Code != "" && (len(b.coupon.occurrences) != 1 || b.coupon.plain() != "") {
		l.report("coupon-form", path, "want one variable, such as {{coupon}}")
		return
	}
	switch n := utf8.RuneCountInString(b.sample); {
	case b.raw && n == 0 && !m.unknown[UnknownSamples]:
		l.report("sample-missing", b.path, "the coupon has no sample")
	case n > 20:
		l.report("coupon-length", path, "the sample of the coupon has %d characters; want at most 20", n)
	case n > 15 && m.offer != nil:
		l.report("offer-coupon-length", path, "the sample of the coupon has %d characters; in an offer, want at most 15", n)
	}
}

func (l *linter) checkFlow(b *buttonModel) {
	n := 0
	for _, flow := range []string{b.FlowID, b.FlowName, b.FlowJSON} {
		if flow != "" {
			n++
		}
	}
	if n != 1 {
		l.report("flow-choice", b.path, "want one of flow_id, flow_name and flow_json, got %d of them", n)
	}
	switch strings.ToLower(b.FlowAction) {
	case "", "data_exchange":
	case "navigate":
		if b.Screen == "" {
			l.report("flow-screen", b.path, "want the first screen for the action navigate")
		}
	default:
		l.report("flow-action", b.member("flow_action"), "want navigate or data_exchange")
	}
	if b.FlowJSON != "" && !json.Valid([]byte(b.FlowJSON)) {
		l.report("flow-json", b.member("flow_json"), "want JSON, got %d characters that are not", utf8.RuneCountInString(b.FlowJSON))
	}
}

var (
	packageName   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$`)
	signatureHash = regexp.MustCompile(`^[A-Za-z0-9+/=]{11}$`)
)

func (l *linter) checkOTP(b *buttonModel) {
	tap := b.OTPType == "one_tap" || b.OTPType == "zero_tap"
	if b.OTPType != "" && b.OTPType != "copy_code" && !tap {
		l.report("otp-type", b.member("otp_type"), "want copy_code, one_tap or zero_tap")
	}
	if n := len(b.Apps); tap && (n == 0 || n > 5) {
		l.report("otp-apps", b.path, "want 1 to 5 apps for otp_type %s, got %d", b.OTPType, n)
	}
	if b.OTPType == "zero_tap" && !b.TermsAccepted {
		l.report("otp-terms", b.path, "otp_type zero_tap needs terms_accepted: true")
	}
	if n := utf8.RuneCountInString(b.AutofillText); n > 25 {
		l.report("autofill-length", b.member("autofill_text"), "want at most 25 characters, got %d", n)
	}
	for i, app := range b.Apps {
		if n := len(app.PackageName); n > 224 || !packageName.MatchString(app.PackageName) {
			l.report("package-name", b.appPath(i, "package_name"), "want a name such as com.example.shop of at most 224 characters, got %d", n)
		}
		if !signatureHash.MatchString(app.SignatureHash) {
			l.report("signature-hash", b.appPath(i, "signature_hash"), "want 11 letters, digits, +, / and =, got %d characters", utf8.RuneCountInString(app.SignatureHash))
		}
	}
}

// linkFault says why Kirim could not fetch a sample; empty when it could.
func linkFault(link string) string {
	u, err := url.Parse(link)
	if err != nil || !strings.EqualFold(u.Scheme, "https") || u.Host == "" {
		return "is not an https URL"
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if address, err := netip.ParseAddr(host); err == nil {
		if address = address.Unmap(); !address.IsGlobalUnicast() || address.IsPrivate() {
			return "has a private address"
		}
		return ""
	}
	if !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal") {
		return "has a host that is not public"
	}
	return ""
}

// otherImage reports whether the name of a sample is that of another format than JPEG
// and PNG. A name that says nothing passes.
func otherImage(name string) bool {
	if u, err := url.Parse(name); err == nil {
		name = u.Path
	}
	return slices.Contains([]string{".webp", ".gif", ".bmp", ".tif", ".tiff", ".svg", ".avif", ".heic"}, strings.ToLower(path.Ext(name)))
}
