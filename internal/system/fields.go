package system

import "encoding/json"

// Field is what a response says about one field of the request. Field is
// empty for what concerns the request as a whole.
type Field struct {
	Field    string
	Messages []string
}

// Fields lists what body complains about, in its order.
func Fields(body []byte) []Field {
	answer, ok := Detect(0, nil, body)
	if !ok {
		return nil
	}
	return answer.System.fieldsIn(objectOf(body))
}

func (s *System) fieldsIn(top object) []Field {
	if s.fields == nil {
		return nil
	}
	return s.fields(top, objectOf(top["error"]))
}

func oneField(name, message json.RawMessage) []Field {
	if textOf(name) == "" {
		return nil
	}
	return []Field{{textOf(name), textsOf(message)}}
}
