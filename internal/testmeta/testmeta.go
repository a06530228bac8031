// Package testmeta is what the tests of package kirim and of gateway/cloudapi
// share to compare bodies of sends with the examples that Meta shows.
package testmeta

import (
	"encoding/json"
	"strconv"
)

// Spelled is the body of a send with the defaults spelled out that Meta's examples
// may leave out: the type, the type of the recipient and the policy of a language;
// without a preview_url that is false, and with the positions of buttons as numbers.
func Spelled(body []byte) (map[string]any, error) {
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	if fields["recipient_type"] == nil {
		fields["recipient_type"] = "individual"
	}
	for _, kind := range []string{"text", "interactive"} {
		if fields["type"] == nil && fields[kind] != nil {
			fields["type"] = kind
		}
	}
	return fields, spell(fields)
}

func spell(value any) error {
	var below []any
	switch value := value.(type) {
	case []any:
		below = value
	case map[string]any:
		if value["preview_url"] == false {
			delete(value, "preview_url")
		}
		if index, text := value["index"].(string); text {
			n, err := strconv.ParseFloat(index, 64)
			if err != nil {
				return err
			}
			value["index"] = n
		}
		if language, object := value["language"].(map[string]any); object && language["policy"] == nil {
			language["policy"] = "deterministic"
		}
		for _, v := range value {
			below = append(below, v)
		}
	}
	for _, v := range below {
		if err := spell(v); err != nil {
			return err
		}
	}
	return nil
}
