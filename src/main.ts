import { mount } from 'svelte';
import App from './App.svelte';
import { keepForOffline } from './offline';
import './ui/tokens.css';
import './ui/base.css';
import './ui/controls.css';

const target = document.getElementById('app');
// If the browser is too old, browser-check.js says so on the page; starting would only add errors.
if (target && document.documentElement.dataset['unsupported'] !== 'true') {
  mount(App, { target });
  keepForOffline();
}
