package templatefill

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Component is what a message gives for a part.
type Component struct {
	Type       string      `json:"type"`
	SubType    string      `json:"sub_type"`
	Index      *Index      `json:"index"` // nil where a button names no position
	Parameters []Parameter `json:"parameters"`
	Cards      []Filled    `json:"cards"`
}

// at returns the position of the button that the component fills: one that names
// none fills the first of its type.
func (c Component) at(buttons []Button) int {
	if c.Index != nil {
		return int(*c.Index)
	}
	return max(0, slices.IndexFunc(buttons, func(b Button) bool {
		subType := subTypes[strings.ToLower(b.Type)]
		return subType != "" && strings.EqualFold(subType, c.SubType)
	}))
}

// Filled is what a message gives for a card.
type Filled struct {
	Components []Component `json:"components"`
}

// Parameter is one value. Of the values only those are here that are checked.
type Parameter struct {
	Type  string `json:"type"`
	Name  string `json:"parameter_name"`
	Text  Text   `json:"text"`
	Offer struct {
		ExpirationMS Millis `json:"expiration_time_ms"` // 0 where it is not known
	} `json:"limited_time_offer"`
}

// Index is a number that may be written as a string.
type Index int

// UnmarshalJSON reads both forms.
func (i *Index) UnmarshalJSON(data []byte) error {
	n, err := strconv.Atoi(strings.Trim(string(data), `"`))
	*i = Index(n)
	return err
}

// Text is a text, or the JSON of any other value.
type Text string

// UnmarshalJSON never fails.
func (t *Text) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, (*string)(t)) != nil {
		*t = Text(data)
	}
	return nil
}

// Millis is a point in time, in milliseconds since 1970.
type Millis int64

// UnmarshalJSON takes anything but a whole number for 0.
func (m *Millis) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(data), `"`), 10, 64)
	if err != nil {
		n = 0
	}
	*m = Millis(n)
	return nil
}

// parameterKinds are the types of parameters that may stand in an error.
var parameterKinds = []string{
	"text", "currency", "date_time", "image", "video", "document", "location", "product", "payload", "coupon_code", "action", "limited_time_offer",
	"ttl_minutes", "order_status",
}
