package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// dashboardRun has the results of the dashboard's queries over a run of examples/orders, whose
// tests write it: go test -C examples/orders -run EveryPanel -update.
//
//go:embed operations.json
var dashboardRun []byte

type dashboard struct {
	Step   float64          `json:"step"` // seconds
	Panels []dashboardPanel `json:"panels"`
}

type dashboardPanel struct {
	Type   string   `json:"type"` // row, timeseries or stat
	Title  string   `json:"title"`
	Unit   string   `json:"unit"`
	Series []series `json:"series"`
}

type series struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"`
}

func (s series) most() float64 {
	most := 0.0
	for _, v := range s.Values {
		if v != nil {
			most = max(most, *v)
		}
	}
	return most
}

const (
	panelsPerRow = 3
	panelWidth   = (pictureWidth - 40) / panelsPerRow
	panelHeight  = 178.0
	rowHeight    = 34.0
	legendLines  = 4
)

// Colours that can be told apart on both grounds.
var lineColours = []string{"#2f81f7", "#d29922", "#2da44e", "#cf222e", "#a371f7"}

// operationsPicture draws the panels of the dashboard.
func operationsPicture() ([]byte, error) {
	var d dashboard
	if err := json.Unmarshal(dashboardRun, &d); err != nil {
		return nil, fmt.Errorf("operations.json: %w", err)
	}
	height, column := 14.0, 0
	places := make([][2]float64, len(d.Panels))
	for i, p := range d.Panels {
		if p.Type == "row" || column == panelsPerRow {
			if column > 0 {
				height += panelHeight
			}
			column = 0
		}
		places[i] = [2]float64{12 + float64(column)*(panelWidth+8), height}
		if p.Type == "row" {
			height += rowHeight
		} else {
			column++
		}
	}
	if column > 0 {
		height += panelHeight
	}
	c := newCanvas(height + 8)
	c.b.WriteString("<style>.xs{font-size:11px} .graph{fill:none;stroke-width:1.6;stroke-linejoin:round}</style>\n")
	for i, p := range d.Panels {
		x, y := places[i][0], places[i][1]
		if p.Type == "row" {
			c.text(x+2, y+22, "start", "b", p.Title)
			continue
		}
		c.panel(x, y, p, d.Step)
	}
	return c.svg("The panels of the dashboard, drawn from the results of their queries over a run"), nil
}

// panel draws one: the lines of its graph, or its last value, and which line is which.
func (c *canvas) panel(x, y float64, p dashboardPanel, step float64) {
	const left, top, low, graph = 48.0, 28.0, 14.0, 78.0
	c.rect(x, y, panelWidth, panelHeight-8, "box")
	c.text(x+8, y+18, "start", "s b", p.Title)
	slices.SortStableFunc(p.Series, func(a, b series) int { return int(math.Copysign(1, b.most()-a.most())) })
	if p.Type == "stat" {
		c.text(x+panelWidth/2, y+95, "middle", "b", inUnit(last(p.Series), p.Unit))
		return
	}
	most := 0.0
	for _, s := range p.Series {
		most = max(most, s.most())
	}
	if most == 0 {
		most = 1
	}
	x0, y0, width := x+left, y+top+graph, panelWidth-left-low
	for _, part := range []float64{0, 0.5, 1} {
		at := y0 - part*graph*0.92
		c.line("thin", x0, at, x0+width, at)
		c.text(x0-5, at+4, "end", "xs q", inUnit(most*part, p.Unit))
	}
	steps := 1
	for _, s := range p.Series {
		steps = max(steps, len(s.Values)-1)
	}
	c.text(x0, y0+13, "start", "xs q", "0 s")
	c.text(x0+width, y0+13, "end", "xs q", strconv.FormatFloat(float64(steps)*step, 'f', 0, 64)+" s")
	for i, s := range slices.Backward(p.Series) {
		var points []float64
		for j, v := range s.Values {
			if v != nil {
				points = append(points, x0+width*float64(j)/float64(steps), y0-*v/most*graph*0.92)
			}
			if (v == nil || j == len(s.Values)-1) && len(points) > 0 {
				c.stroke("graph", ` style="stroke:`+lineColours[i%len(lineColours)]+`"`, append(points, points[len(points)-2]+0.1, points[len(points)-1]))
				points = nil
			}
		}
	}
	c.legend(x+10, y+top+graph+29, p)
}

// legend names the lines, those with the highest values first.
func (c *canvas) legend(x, y float64, p dashboardPanel) {
	const columns = 2
	for i, s := range p.Series {
		at, down := x+float64(i%columns)*(panelWidth-16)/columns, y+15*float64(i/columns)
		if i == legendLines-1 && len(p.Series) > legendLines {
			c.text(at, down, "start", "xs q", fmt.Sprintf("and %d more", len(p.Series)-i))
			return
		}
		fmt.Fprintf(&c.b, `<rect x="%.5g" y="%.5g" width="9" height="3" style="fill:%s"/>`+"\n", at, down-5, lineColours[i%len(lineColours)])
		c.text(at+13, down, "start", "xs", shortened(s.Name, 19))
	}
}

func shortened(text string, most int) string {
	if i := strings.LastIndex(text, "/"); i >= 0 {
		text = text[i+1:]
	}
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return text
}

func last(all []series) float64 {
	for _, s := range all {
		for _, v := range slices.Backward(s.Values) {
			if v != nil {
				return *v
			}
		}
	}
	return 0
}

// inUnit writes a value with one of Grafana's units.
func inUnit(v float64, unit string) string {
	short := func(v float64) string { return strconv.FormatFloat(v, 'g', 2, 64) }
	if v >= 100 {
		short = func(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }
	}
	switch {
	case unit == "percentunit":
		return strconv.FormatFloat(v*100, 'f', 0, 64) + " %"
	case unit == "cps":
		return short(v) + "/s"
	case unit == "s" && v > 0 && v < 1:
		return strconv.FormatFloat(v*1000, 'f', 0, 64) + " ms"
	case unit == "s":
		return short(v) + " s"
	}
	return short(v)
}
