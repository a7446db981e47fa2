// Search in a static atlas: reads the lists of search/ and shows what all words stand in. #results
// says where they are and what to say; ?q= or the form has the words.
import { fill, findEntries } from './search-model.js';

const SHOWN_MOST = 200; // at once; a button shows the next ones
const results = document.getElementById('results');
const index = results?.dataset.index;

function item(hit) {
	const [first, last, protocols, name, description] = hit.entry;
	const li = document.createElement('li');
	if (first >= 0) {
		// These files may be of some ports only: the first one that has a page.
		const port = Math.max(first, Number(results.dataset.first ?? 0));
		const hasPage = port <= Math.min(last, Number(results.dataset.last ?? 65535));
		const link = document.createElement(hasPage ? 'a' : 'span');
		if (hasPage)
			link.href = `${results.dataset.port}${port}.html`;
		link.textContent = first === last ? first : `${first}–${last}`;
		li.append(link, ' ');
	}
	const strong = document.createElement('strong');
	strong.textContent = name;
	li.append(strong, ` ${protocols} `, description);
	return li;
}

function show(hits) {
	const count = document.createElement('p');
	count.textContent = hits.length ? fill(results.dataset.found, { n: hits.length }) : results.dataset.none;
	const list = document.createElement('ol');
	const more = document.createElement('button');
	const showMore = () => {
		const n = list.children.length, items = hits.slice(n, n + SHOWN_MOST).map(item);
		const left = hits.length - n - items.length;
		list.append(...items);
		more.textContent = fill(results.dataset.more, { n: left });
		more.hidden = left === 0;
		if (n > 0) { // who pressed the button goes on reading behind what was there
			items[0].tabIndex = -1;
			items[0].focus({ preventScroll: true });
		}
	};
	more.type = 'button';
	more.addEventListener('click', showMore);
	showMore();
	results.replaceChildren(count, list, more);
}

async function search(text) {
	if (!text.trim())
		return;
	show(await findEntries(index, text));
	document.getElementById('search-how')?.remove();
	results.dataset.ready = 'yes';
}

if (index) {
	const text = new URLSearchParams(location.search).get('q') ?? '';
	for (const input of document.querySelectorAll('main input[name="q"], input#q'))
		input.value = text;
	search(text).catch(() => { results.textContent = results.dataset.lost; });
}
