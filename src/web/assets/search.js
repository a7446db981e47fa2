// Search in a static atlas: reads the lists of search/ and shows what all words stand in. #results
// says where they are and what to say; ?q= or the form has the words.
import { fill } from './table.js';
import { rank, splitWords } from './search-model.js';

const SHOWN_MOST = 200;
const results = document.getElementById('results');
const index = results?.dataset.index;

async function json(url) {
	const answer = await fetch(url);
	if (!answer.ok)
		throw new Error(`${url}: ${answer.status}`);
	return answer.json();
}

function item(hit) {
	const [first, last, protocols, name, description] = hit.entry;
	const li = document.createElement('li');
	if (first >= 0) {
		const link = document.createElement('a');
		link.href = `${results.dataset.port}${first}.html`;
		link.textContent = first === last ? first : `${first}–${last}`;
		li.append(link, ' ');
	}
	const strong = document.createElement('strong');
	strong.textContent = name;
	li.append(strong, ` ${protocols} `, description);
	return li;
}

function show(hits) {
	hits.sort((a, b) => a.rank - b.rank || a.entry[0] - b.entry[0]);
	const count = document.createElement('p');
	count.textContent = hits.length ? fill(results.dataset.found, { n: hits.length }) : results.dataset.none;
	const list = document.createElement('ol');
	list.append(...hits.slice(0, SHOWN_MOST).map(item));
	results.replaceChildren(count, list);
}

async function search(text) {
	const words = splitWords(text);
	if (!words.length)
		return;
	const hits = [];
	const { shards } = await json(`${index}index.json`);
	const lists = await Promise.all(Array.from({ length: shards }, (_, i) => json(`${index}${i}.json`)));
	for (const entry of lists.flat()) {
		const r = rank(entry, words);
		if (r >= 0)
			hits.push({ entry, rank: r });
	}
	show(hits);
	results.dataset.ready = 'yes';
}

if (index) {
	const text = new URLSearchParams(location.search).get('q') ?? '';
	for (const input of document.querySelectorAll('main input[name="q"], input#q'))
		input.value = text;
	search(text).catch(() => { results.textContent = results.dataset.lost; });
}
