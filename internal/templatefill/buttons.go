package templatefill

import (
	"slices"
	"strconv"
	"strings"
)

// subTypes are what a message calls the buttons of a definition. One without a
// name cannot be filled.
//
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
var subTypes = map[string]string{
	"url":                  "url",
	"otp":                  "url", // created so, and filled as a link
	"quick_reply":          "quick_reply",
	"copy_code":            "copy_code",
	"flow":                 "flow",
	"catalog":              "catalog",
	"mpm":                  "mpm",
	"voice_call":           "voice_call",
	"order_details":        "order_details",
	"reminder":             "reminder",
	"booking_confirmation": "booking_confirmation",
	"phone_number":         "",
	"spm":                  "",
	"request_contact_info": "",
}

// buttonRule is what a button takes. One without kinds takes whatever there is.
func (c *checker) buttonRule(b Button) rule {
	switch strings.ToLower(b.Type) {
	case "url":
		r := rule{0, 1, []string{"text"}}
		switch {
		case c.OneTimeCode, lastVariable.MatchString(b.URL): // a one-time code reads back as a URL
			r.least = 1
		case b.URL != "":
			r.most = 0
		}
		return r
	case "otp":
		return rule{1, 1, []string{"text"}}
	case "quick_reply":
		return rule{0, 1, []string{"payload"}}
	case "copy_code":
		return rule{1, 1, []string{"coupon_code"}}
	case "mpm", "order_details":
		return rule{1, 1, []string{"action"}}
	case "flow", "catalog":
		return rule{0, 1, []string{"action"}}
	case "voice_call":
		return rule{0, 2, []string{"ttl_minutes", "payload"}}
	}
	return rule{}
}

func (c *checker) button(at string, buttons []Button, component Component) {
	i := component.at(buttons)
	if i < 0 || i >= len(buttons) {
		c.add(Format, at+".index", "the index of a button of the template", "another")
		return
	}
	button := buttons[i]
	want, isKnown := subTypes[strings.ToLower(button.Type)]
	if !isKnown {
		return
	}
	if got := strings.ToLower(component.SubType); want == "" {
		c.add(Format, at, "no component for a button of this type", "one")
		return
	} else if got != want {
		c.add(Format, at+".sub_type", want+", as the button of the template", known(got, buttonSubTypes()))
		return
	}
	r := c.buttonRule(button)
	if r.kinds == nil {
		return
	}
	c.parameters(at, "button "+strconv.Itoa(i), r, component.Parameters)
	for j, p := range component.Parameters {
		path := at + ".parameters[" + strconv.Itoa(j) + "]"
		if !strings.EqualFold(p.Type, "text") || want != "url" || r.most == 0 {
			continue
		}
		if p.Text == "" {
			c.add(Value, path+".text", "a text", "an empty one")
		}
		if p.Name != "" && !c.named(Variables(button.URL)) {
			c.add(Format, path+".parameter_name", "no name, as the variable is numbered", "a name")
		}
	}
}

func buttonSubTypes() (names []string) {
	for _, name := range subTypes {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
