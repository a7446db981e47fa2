// Search without the page: which entries of the lists have all words, and which come first. The unit
// tests run it in node. An entry is [first, last, protocols, name, description].

// Marks that turn the direction of writing come along with what is pasted, and stand in no name.
export function splitWords(text) {
	return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '').toLowerCase().split(/\s+/).filter(Boolean).slice(0, 16);
}

// How well one word fits: 0 the name or a port of it, 1 the name's beginning, 2 a word's beginning,
// 3 anywhere; -1 not at all.
function rankWord([first, last, protocols, name, description], word) {
	const lower = name.toLowerCase();
	if (lower === word)
		return 0;
	if (/^\d{1,5}$/.test(word) && first >= 0 && first <= Number(word) && Number(word) <= last)
		return 0;
	if (lower.startsWith(word))
		return 1;
	const text = `${lower} ${description.toLowerCase()} ${protocols}`;
	const at = text.indexOf(word);
	if (at < 0)
		return -1;
	return text.split(/[^\p{L}\p{N}]+/u).some(part => part.startsWith(word)) ? 2 : 3;
}

// The worst of its words; -1 when one is missing.
export function rank(entry, words) {
	let worst = 0;
	for (const word of words) {
		const r = rankWord(entry, word);
		if (r < 0)
			return -1;
		worst = Math.max(worst, r);
	}
	return worst;
}

async function json(url) {
	const answer = await fetch(url);
	if (!answer.ok)
		throw new Error(`${url}: ${answer.status}`);
	return answer.json();
}

// All entries that have the words, the best first: [{ entry, rank }]. The lists are below `index`.
export async function findEntries(index, text) {
	const words = splitWords(text);
	if (!words.length)
		return [];
	const { shards } = await json(`${index}index.json`);
	const lists = await Promise.all(Array.from({ length: shards }, (_, i) => json(`${index}${i}.json`)));
	return lists.flat()
		.map(entry => ({ entry, rank: rank(entry, words) }))
		.filter(hit => hit.rank >= 0)
		.sort((a, b) => a.rank - b.rank || a.entry[0] - b.entry[0]);
}

// "{n} things found" with its places filled.
export function fill(text, values) {
	return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}
