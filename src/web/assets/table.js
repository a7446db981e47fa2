// A table without the page: what a filter lets through, what comes before what. Pure; the unit tests
// run it in node.

// Words of a filter, all of which a row has to have. "-word": none that has it.
export function parseFilter(text) {
	return text.toLowerCase().split(/\s+/).filter(Boolean)
		.map(word => word.length > 1 && word.startsWith('-')
			? { word: word.slice(1), isWanted: false } : { word, isWanted: true });
}

export function passes(filter, text) {
	const lower = text.toLowerCase();
	return filter.every(({ word, isWanted }) => lower.includes(word) === isWanted);
}

// The order of two cells: numbers as numbers (what is none comes last), text as people sort it.
export function compare(kind, a, b, language) {
	if (kind === 'number') {
		const x = Number.parseFloat(a), y = Number.parseFloat(b);
		if (Number.isNaN(x) || Number.isNaN(y))
			return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
		return x - y;
	}
	return a.localeCompare(b, language, { numeric: true, sensitivity: 'base' });
}

// "{n} of {all} shown" with its places filled.
export function fill(text, values) {
	return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}
