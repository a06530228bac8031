package templatefill

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAMessageIsHeldAgainstItsTemplate(t *testing.T) {
	t.Parallel()
	const (
		order    = `{"type":"BODY","text":"Order {{1}} for {{2}}."}`
		text     = `{"type":"text","text":"a"}`
		picture  = `{"type":"image","image":{"id":"1"}}`
		named    = `{"type":"BODY","text":"Order {{order}} for {{name}}, {{name}}."}`
		header   = `{"type":"HEADER","format":"IMAGE"}`
		headline = `{"type":"HEADER","format":"TEXT","text":"For {{1}}"}`
		buttons  = `{"type":"BUTTONS","buttons":[{"type":"URL","url":"https://e.com/{{1}}"},{"type":"QUICK_REPLY"},{"type":"PHONE_NUMBER"},{"type":"URL","url":"https://e.com"}]}`
		link     = `{"type":"button","sub_type":"url","index":"0","parameters":[` + text + `]}`
		offer    = `{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"has_expiration":true}}`
	)
	body := func(params ...string) string {
		return `{"type":"body","parameters":[` + strings.Join(params, ",") + `]}`
	}
	filled := func(kind string, params ...string) string { return strings.Replace(body(params...), "body", kind, 1) }
	name := func(name string) string {
		return `{"type":"text","parameter_name":"` + name + `","text":"a"}`
	}
	button := func(subType string, index int, params ...string) string {
		return fmt.Sprintf(`{"type":"BUTTON","sub_type":%q,"index":%d,"parameters":[%s]}`, subType, index, strings.Join(params, ","))
	}
	one := func(button string) string { return `{"type":"BUTTONS","buttons":[` + button + `]}` }
	carousel := func(format string) string {
		card := `{"components":[{"type":"HEADER","format":"` + format + `"},{"type":"BODY","text":"Take {{1}}"}]}`
		return `{"type":"CAROUSEL","cards":[` + card + `,` + card + `]}`
	}
	cards := func(n int, header string, params ...string) string {
		card := `{"components":[{"type":"header","parameters":[` + header + `]},` + body(params...) + `]}`
		return `{"type":"carousel","cards":[` + strings.TrimSuffix(strings.Repeat(card+",", n), ",") + `]}`
	}
	const product = `{"type":"product","product":{}}`

	for about, tc := range map[string]struct{ parts, components, want string }{
		"two values for two variables":         {order, body(text, text), ""},
		"money and a date":                     {order, body(`{"type":"CURRENCY"}`, `{"type":"date_time"}`), ""},
		"one value for two variables":          {order, body(text), "count [0].parameters"},
		"three values for two variables":       {order, body(text, text, text), "count [0].parameters"},
		"no value for two variables":           {order, body(), "count [0]"},
		"no body for two variables":            {order, "", "count "},
		"a picture for a variable":             {order, body(text, picture), "format [0].parameters[1].type"},
		"a name for a numbered variable":       {order, body(text, name("order")), "format [0].parameters[1].parameter_name"},
		"one variable that stands twice":       {`{"type":"BODY","text":"{{1}}, {{1}}"}`, body(text), ""},
		"nothing for no variable":              {`{"type":"BODY","text":"Hello"}`, "", ""},
		"an empty body for no variable":        {`{"type":"BODY","text":"Hello"}`, body(), ""},
		"five values for no variable":          {`{"type":"BODY","text":"Hello"}`, body(text, text, text, text, text), "count [0].parameters"},
		"names in any order":                   {named, body(name("name"), name("order")), ""},
		"no name for a named variable":         {named, body(text, name("order")), "format [0].parameters[0].parameter_name"},
		"another name":                         {named, body(name("name"), name("total")), "format [0].parameters[1].parameter_name"},
		"a name twice":                         {named, body(name("name"), name("name")), "format [0].parameters[1].parameter_name"},
		"one name of two":                      {named, body(name("name")), "count [0].parameters"},
		"a picture in a header of pictures":    {header, filled("HEADER", picture), ""},
		"no header for a header of pictures":   {header, "", "format "},
		"a text in a header of pictures":       {header, filled("header", text), "format [0].parameters[0].type"},
		"a text in a text header":              {headline, filled("header", text), ""},
		"a picture in a text header":           {headline, filled("header", picture), "format [0].parameters[0].type"},
		"no header for a text header":          {headline, "", "count "},
		"a text in a header without variables": {`{"type":"HEADER","text":"Hello"}`, filled("header", text), "count [0].parameters"},
		"a text in a header that is not there": {order, body(text, text) + "," + filled("header", text), "count [1].parameters"},
		"a header of an unknown format":        {`{"type":"HEADER","format":"HOLOGRAM"}`, filled("header", text), ""},
		"the suffix of a link":                 {buttons, link, ""},
		"a link without its suffix":            {buttons, "", "count "},
		"a payload for a quick reply":          {buttons, link + "," + button("QUICK_REPLY", 1, `{"type":"payload"}`), ""},
		"a text for a quick reply":             {buttons, link + "," + button("quick_reply", 1, text), "format [1].parameters[0].type"},
		"a value for a fixed link":             {buttons, link + "," + button("url", 3, text), "count [1].parameters"},
		"a button of another type":             {buttons, link + "," + button("url", 1, text), "format [1].sub_type"},
		"a button that is not there":           {buttons, link + "," + button("url", 4, text), "format [1].index"},
		"a coupon":                             {one(`{"type":"COPY_CODE"}`), button("copy_code", 0, `{"type":"coupon_code"}`), ""},
		"no coupon":                            {one(`{"type":"COPY_CODE"}`), "", "count "},
		"a flow without data":                  {one(`{"type":"FLOW"}`), "", ""},
		"products that are not told":           {one(`{"type":"MPM"}`), "", "count "},
		"a catalogue without thumbnail":        {one(`{"type":"CATALOG"}`), "", ""},
		"a button of an unknown type":          {one(`{"type":"TELEPORT"}`), button("teleport", 0, text, text), ""},
		"the end of an offer":                  {offer, filled("limited_time_offer", `{"type":"limited_time_offer"}`), ""},
		"an offer without its end":             {offer, "", "count "},
		"two cards of pictures":                {carousel("IMAGE"), cards(2, picture, text), ""},
		"three cards of pictures":              {carousel("IMAGE"), cards(3, picture, text), "count [0].cards"},
		"no cards":                             {carousel("IMAGE"), "", "count "},
		"five cards of products":               {carousel("PRODUCT"), cards(5, product, text), ""},
		"eleven cards of products":             {carousel("PRODUCT"), cards(11, product, text), "count [0].cards"},
		"a card without its value":             {carousel("IMAGE"), cards(2, picture), "count [0].cards[0].components[1] count [0].cards[1].components[1]"},
		"an end that is over":                  {offer, filled("limited_time_offer", `{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":1000}}`), "value [0].parameters[0].limited_time_offer.expiration_time_ms"},
		"an end to come, as a text":            {offer, filled("limited_time_offer", `{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":"1001"}}`), ""},
		"an end that cannot be read":           {offer, filled("limited_time_offer", `{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":"soon"}}`), ""},
		"a suffix that is true or false":       {one(`{"type":"URL","url":"https://e.com/{{1}}"}`), button("url", 0, `{"type":"text","text":true}`), ""},
		"an empty suffix":                      {one(`{"type":"URL","url":"https://e.com/{{1}}"}`), button("url", 0, `{"type":"text","text":""}`), "value [0].parameters[0].text"},
		"a button that names no position":      {buttons, link + `,{"type":"button","sub_type":"QUICK_REPLY","parameters":[{"type":"payload"}]}`, ""},
		"one of a type that is not there":      {buttons, link + `,{"type":"button","sub_type":"flow"}`, "format [1].sub_type"},
		"a variable that does not end the URL": {one(`{"type":"URL","url":"https://e.com/{{1}}/a"}`), "", ""},
		"a carousel that is not there":         {order, body(text, text) + `,{"type":"carousel"}`, "format [1]"},
		"an unknown part":                      {`{"type":"HOLOGRAM","text":"{{1}}"}`, filled("hologram", text, text), ""},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			if got := check(t, tc.parts, false, tc.components); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAOneTimeCodeGoesIntoTheBodyAndItsButton(t *testing.T) {
	t.Parallel()
	const code = `{"type":"body","parameters":[{"type":"text","text":"1"}]},{"type":"button","sub_type":"url","index":0,"parameters":[{"type":"text","text":"1"}]}`
	for _, kind := range []string{"OTP", "URL"} { // as created, as read back
		parts := `{"type":"BODY"},{"type":"BUTTONS","buttons":[{"type":"` + kind + `"}]}`
		if got := check(t, parts, true, code); got != "" {
			t.Error(kind, got)
		}
		if got := check(t, parts, true, ""); got != "count  count " {
			t.Errorf("%s: %q", kind, got)
		}
	}
}

func check(t *testing.T, definition string, oneTimeCode bool, message string) string {
	t.Helper()
	parts, ok := ParseParts([]byte("[" + definition + "]"))
	if !ok {
		t.Fatal("not a definition:", definition)
	}
	var components []Component
	if err := json.Unmarshal([]byte("["+message+"]"), &components); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range Check(Definition{Parts: parts, OneTimeCode: oneTimeCode}, components, Options{Now: time.UnixMilli(1000)}) {
		got = append(got, [...]string{Count: "count", Format: "format", Value: "value"}[m.Kind]+" "+m.Path)
	}
	return strings.Join(got, " ")
}

func TestWhatIsNoDefinitionIsSaid(t *testing.T) {
	t.Parallel()
	if _, ok := ParseParts([]byte(`"no list"`)); ok {
		t.Error("a text was taken for components")
	}
}
