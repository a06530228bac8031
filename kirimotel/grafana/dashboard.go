package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// row is a headline with the panels below it.
type row struct {
	title  string
	panels []panel
}

// panel is a graph, or, when it is a number, the last value.
type panel struct {
	title       string
	description string
	unit        string // of Grafana: s, cps for things per second, short, percentunit
	number      bool
	width       int // of 24 columns; 0 for 8
	queries     []query
}

type query struct {
	expr   string // see reference
	legend string // with {{label}}
}

// What follows is Grafana's model of a dashboard.

type dashboardModel struct {
	UID           string         `json:"uid"`
	Title         string         `json:"title"`
	Description   string         `json:"description"`
	Tags          []string       `json:"tags"`
	SchemaVersion int            `json:"schemaVersion"`
	Editable      bool           `json:"editable"`
	Refresh       string         `json:"refresh"`
	Time          map[string]any `json:"time"`
	Templating    map[string]any `json:"templating"`
	Panels        []panelModel   `json:"panels"`
}

type panelModel struct {
	ID          int            `json:"id"`
	Type        string         `json:"type"`
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	GridPos     gridPos        `json:"gridPos"`
	Collapsed   *bool          `json:"collapsed,omitempty"`
	Datasource  any            `json:"datasource,omitempty"`
	FieldConfig any            `json:"fieldConfig,omitempty"`
	Options     map[string]any `json:"options,omitempty"`
	Targets     []targetModel  `json:"targets,omitempty"`
}

type gridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

type targetModel struct {
	RefID        string `json:"refId"`
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat"`
	Range        bool   `json:"range,omitempty"`
	Instant      bool   `json:"instant,omitempty"`
	Datasource   any    `json:"datasource"`
}

const (
	columns      = 24
	panelHeight  = 8
	dashboardJob = `job=~"$job"`
)

var datasource = map[string]string{"type": "prometheus", "uid": "${datasource}"}

func dashboardJSON(rows []row) ([]byte, error) {
	d := dashboardModel{
		UID: "kirim", Title: "Kirim", Tags: []string{"kirim"}, SchemaVersion: 39, Editable: true, Refresh: "30s",
		Description: "WhatsApp messages over Kirim, as the SDK records them: calls, the outbox and webhooks.",
		Time:        map[string]any{"from": "now-3h", "to": "now"},
		Templating: map[string]any{"list": []any{
			map[string]any{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
			map[string]any{
				"name": "job", "label": "Job", "type": "query", "datasource": datasource, "query": `label_values({__name__=~"kirim_.*"}, job)`,
				"refresh": 2, "multi": true, "includeAll": true, "allValue": ".*", "current": map[string]any{"text": "All", "value": "$__all"},
			},
		}},
	}
	id, y := 0, 0
	for _, r := range rows {
		id++
		d.Panels = append(d.Panels, panelModel{ID: id, Type: "row", Title: r.title, GridPos: gridPos{1, columns, 0, y}, Collapsed: new(false)})
		y++
		x := 0
		for _, p := range r.panels {
			if p.width == 0 {
				p.width = 8
			}
			if x+p.width > columns {
				x, y = 0, y+panelHeight
			}
			id++
			model, err := p.model(id, gridPos{panelHeight, p.width, x, y})
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.title, err)
			}
			d.Panels = append(d.Panels, model)
			x += p.width
		}
		y += panelHeight
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(d)
	return b.Bytes(), err
}

func (p panel) model(id int, at gridPos) (panelModel, error) {
	m := panelModel{
		ID: id, Type: "timeseries", Title: p.title, Description: p.description, GridPos: at, Datasource: datasource,
		FieldConfig: map[string]any{"defaults": map[string]any{"unit": p.unit, "min": 0}, "overrides": []any{}},
		Options:     map[string]any{"legend": map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": true}, "tooltip": map[string]any{"mode": "multi", "sort": "desc"}},
	}
	if p.number {
		m.Type = "stat"
		m.Options = map[string]any{"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}}, "colorMode": "value"}
	}
	for i, q := range p.queries {
		expr, err := translate(q.expr, dashboardJob)
		if err != nil {
			return m, err
		}
		m.Targets = append(m.Targets, targetModel{RefID: string(rune('A' + i)), Expr: expr, LegendFormat: q.legend, Range: true, Datasource: datasource})
	}
	return m, nil
}
