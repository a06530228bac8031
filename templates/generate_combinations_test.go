package templates_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/templates"
)

// link is a sample of media.
const link = "https://shop.example/sample"

// part adds something to a language of a file, and to the parameters of the file.
type part struct {
	name string
	add  func(f *templates.File, l *templates.Language)
}

func declare(f *templates.File, name string) string {
	if !slices.ContainsFunc(f.Parameters, func(p templates.Parameter) bool { return p.Name == name }) {
		f.Parameters = append(f.Parameters, templates.Parameter{Name: name, Sample: "A17"})
	}
	return "{{" + name + "}}"
}

func header(h templates.Header) func(*templates.File, *templates.Language) {
	return func(_ *templates.File, l *templates.Language) { l.Header = &h }
}

var headers = []part{
	{"plain", func(*templates.File, *templates.Language) {}},
	{"title", header(templates.Header{Text: "News"})},
	{"titled", func(f *templates.File, l *templates.Language) {
		l.Header = &templates.Header{Text: "Order " + declare(f, "number")}
	}},
	{"image", header(templates.Header{Image: &templates.Media{URL: link}})},
	{"video", header(templates.Header{Video: &templates.Media{URL: link}})},
	{"document", header(templates.Header{Document: &templates.Media{URL: link}})},
	{"location", header(templates.Header{Location: true})},
}

var bodies = []part{
	{"none", func(_ *templates.File, l *templates.Language) { l.Body = "We are open." }},
	{"one", func(f *templates.File, l *templates.Language) {
		l.Body = "Hello " + declare(f, "customer") + ", welcome."
	}},
	{"three", func(f *templates.File, l *templates.Language) {
		l.Body = fmt.Sprintf("Hello %s, %s is %s now.", declare(f, "customer"), declare(f, "number"), declare(f, "state"))
		if l.Code == "id" { // where the words stand in another order
			l.Body = "Sekarang {{state}}: {{number}} untuk {{customer}}."
		}
	}},
}

func button(b ...templates.Button) func(*templates.File, *templates.Language) {
	return func(f *templates.File, l *templates.Language) {
		for _, one := range b {
			if strings.Contains(one.URL, "{{path}}") {
				declare(f, "path")
			}
			if one.Code != "" {
				declare(f, "coupon")
			}
		}
		l.Buttons = append(l.Buttons, b...)
	}
}

var (
	reply  = templates.Button{Type: templates.ButtonQuickReply, Text: "Thanks"}
	stop   = templates.Button{Type: templates.ButtonQuickReply, Text: "Stop"}
	site   = templates.Button{Type: templates.ButtonURL, Text: "Shop", URL: "https://shop.example"}
	track  = templates.Button{Type: templates.ButtonURL, Text: "Track", URL: "https://shop.example/{{path}}"}
	phone  = templates.Button{Type: templates.ButtonPhoneNumber, Text: "Call", PhoneNumber: "+6281100000001"}
	coupon = templates.Button{Type: templates.ButtonCopyCode, Code: "{{coupon}}"}
	flow   = templates.Button{Type: templates.ButtonFlow, Text: "Book", FlowID: "1", FlowAction: "navigate", Screen: "START"}
	call   = templates.Button{Type: templates.ButtonVoiceCall, Text: "Call us"}
)

var buttons = []part{
	{"", func(*templates.File, *templates.Language) {}},
	{"reply", button(reply, stop)},
	{"site", button(site)},
	{"track", button(track)},
	{"phone", button(phone)},
	{"coupon", button(coupon)},
	{"unnamed", button(templates.Button{Type: templates.ButtonCopyCode})},
	{"flow", button(flow)},
	{"catalog", button(templates.Button{Type: templates.ButtonCatalog, Text: "View"})},
	{"products", button(templates.Button{Type: templates.ButtonProducts, Text: "View items"})},
	{"call", button(call)},
	{"mix", button(reply, track, phone, call)},
	{"offer", func(f *templates.File, l *templates.Language) {
		l.Offer = &templates.Offer{Text: "Now", Expires: true}
		button(coupon, track)(f, l)
	}},
	{"endless", func(f *templates.File, l *templates.Language) {
		l.Offer = &templates.Offer{Text: "Always"}
		button(coupon, site)(f, l)
	}},
}

// cards are carousels; each card has the number n.
var cards = []part{
	{"", func(*templates.File, *templates.Language) {}},
	{"pictures", func(f *templates.File, l *templates.Language) {
		for n := 1; n <= 2; n++ {
			item := fmt.Sprintf("item_%d", n)
			l.Cards = append(l.Cards, templates.Card{
				Header:  &templates.Header{Image: &templates.Media{URL: link}},
				Body:    "See " + declare(f, item) + " for " + declare(f, "customer") + " now.",
				Buttons: []templates.Button{reply, {Type: templates.ButtonURL, Text: "Buy", URL: "https://shop.example/" + declare(f, fmt.Sprintf("card_%d_path", n))}},
			})
		}
	}},
	{"films", func(f *templates.File, l *templates.Language) {
		for _, text := range []string{"Look.", "See " + declare(f, "film") + " today.", "Buy."} {
			l.Cards = append(l.Cards, templates.Card{Header: &templates.Header{Video: &templates.Media{URL: link}}, Body: text, Buttons: []templates.Button{site}})
		}
	}},
	{"goods", func(f *templates.File, l *templates.Language) {
		for n := 1; n <= 2; n++ {
			l.Cards = append(l.Cards, templates.Card{
				Header:  &templates.Header{Product: true},
				Buttons: []templates.Button{{Type: templates.ButtonURL, Text: "Buy", URL: "https://shop.example/" + declare(f, fmt.Sprintf("sku_%d", n))}},
			})
		}
	}},
}

// combinations are templates with every combination of a header, parameters, buttons and
// cards, in both formats, in one and in two languages.
func combinations() (files []*templates.File) {
	for _, format := range []kirim.TemplateParameterFormat{kirim.TemplatePositional, kirim.TemplateNamed} {
		for _, languages := range [][]string{{"en"}, {"en", "id"}} {
			each(func(name string, parts ...part) {
				f := &templates.File{Name: fmt.Sprintf("%s_%d%s", format, len(languages), name), Category: kirim.TemplateMarketing, Format: format}
				for _, code := range languages {
					l := templates.Language{Code: code}
					for _, p := range parts {
						p.add(f, &l)
					}
					f.Languages = append(f.Languages, l)
				}
				files = append(files, f)
			}, "", headers, bodies, buttons, cards)
		}
	}
	return files
}

// each calls add with each combination of one part of each list.
func each(add func(name string, parts ...part), name string, lists ...[]part) {
	if len(lists) == 0 {
		add(name)
		return
	}
	for _, p := range lists[0] {
		suffix := ""
		if p.name != "" {
			suffix = "_" + p.name
		}
		each(func(name string, parts ...part) { add(name, append([]part{p}, parts...)...) }, name+suffix, lists[1:]...)
	}
}

// oneTimeCodes are templates for one-time codes.
func oneTimeCodes() (files []*templates.File) {
	apps := []templates.App{{PackageName: "com.example", SignatureHash: "K8a/AINcGX7"}}
	for _, otp := range []templates.Button{
		{Type: templates.ButtonOTP, OTPType: "copy_code"},
		{Type: templates.ButtonOTP, OTPType: "one_tap", Apps: apps},
		{Type: templates.ButtonOTP, OTPType: "zero_tap", Apps: apps, TermsAccepted: true},
	} {
		for _, languages := range [][]string{{"en"}, {"en", "id"}} {
			f := &templates.File{Name: fmt.Sprintf("code_%s_%d", otp.OTPType, len(languages)), Category: kirim.TemplateAuthentication}
			for _, code := range languages {
				f.Languages = append(f.Languages, templates.Language{Code: code, SecurityRecommendation: true, CodeExpirationMinutes: 5, Buttons: []templates.Button{otp}})
			}
			files = append(files, f)
		}
	}
	return files
}
