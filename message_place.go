package kirim

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
)

// Location is a place on the map. Kirim documents no sending of locations.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/location-messages
type Location struct {
	// Latitude is from -90 to 90 and Longitude from -180 to 180, in decimal
	// degrees.
	Latitude, Longitude float64
	// Name and Address are optional, without a documented limit.
	Name, Address string
}

// TemplateLocation is a place in decimal degrees, for the header of a template.
type TemplateLocation struct {
	// Latitude is from -90 to 90, Longitude from -180 to 180.
	Latitude  float64
	Longitude float64
	Name      string
	Address   string
}

// wireLocation is a place as either is written: Meta's example of a message has
// numbers, that of a template has strings, and both are read.
type wireLocation struct {
	Latitude  *degrees `json:"latitude"`
	Longitude *degrees `json:"longitude"`
	Name      string   `json:"name,omitempty"`
	Address   string   `json:"address,omitempty"`
}

// degrees is a decimal number, in quotes or without.
type degrees struct {
	value  float64
	quoted bool
}

// MarshalJSON writes a decimal number, never with an exponent.
func (d degrees) MarshalJSON() ([]byte, error) {
	if math.IsNaN(d.value) || math.IsInf(d.value, 0) {
		return nil, errors.New("degrees are not a finite number")
	}
	text := strconv.FormatFloat(d.value, 'f', -1, 64)
	if d.quoted {
		text = `"` + text + `"`
	}
	return []byte(text), nil
}

func (d *degrees) UnmarshalJSON(data []byte) error {
	var number json.Number // takes both
	if json.Unmarshal(data, &number) != nil {
		return &shapeError{path: "degrees", want: "a number"}
	}
	value, err := number.Float64()
	if err != nil {
		return errNotTyped
	}
	d.value = value
	return nil
}

func (c Location) wire(quoted bool) wireLocation {
	return wireLocation{&degrees{c.Latitude, quoted}, &degrees{c.Longitude, quoted}, c.Name, c.Address}
}

// MarshalJSON writes the object of the message, with the degrees as decimal
// numbers.
func (c Location) MarshalJSON() ([]byte, error) { return json.Marshal(c.wire(false)) }

// UnmarshalJSON reads degrees that are numbers or strings.
func (c *Location) UnmarshalJSON(data []byte) error {
	var w wireLocation
	if err := decodeStrict(data, &w); err != nil {
		return err
	}
	if w.Latitude == nil || w.Longitude == nil {
		return errNotTyped
	}
	*c = Location{w.Latitude.value, w.Longitude.value, w.Name, w.Address}
	return nil
}

// MarshalJSON writes the degrees as strings of decimal numbers.
func (l TemplateLocation) MarshalJSON() ([]byte, error) { return json.Marshal(Location(l).wire(true)) }

// UnmarshalJSON reads degrees that are numbers or strings.
func (l *TemplateLocation) UnmarshalJSON(data []byte) error {
	return (*Location)(l).UnmarshalJSON(data)
}

func (c Location) kind() string { return "location" }

func (c Location) object(dialect) (any, error) { return c, nil }

func (c Location) check(found *checker) { c.checkAt(found, "location") }

func (c Location) checkAt(found *checker, path string) {
	found.degrees(path+".latitude", c.Latitude, maxLatitude)
	found.degrees(path+".longitude", c.Longitude, maxLongitude)
	found.text(path+".name", c.Name, limitNone)
	found.text(path+".address", c.Address, limitNone)
}
