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
	top := parse(body)
	inner, _ := answer.System.holderIn(top)
	return answer.System.fieldsIn(top, inner)
}

func (s *System) fieldsIn(top, inner object) []Field {
	if s.fields == nil {
		return nil
	}
	return s.fields(top, inner)
}

func oneField(name, message json.RawMessage) []Field {
	field := textOf(name)
	if field == "" {
		return nil
	}
	return []Field{{field, textsOf(message)}}
}
