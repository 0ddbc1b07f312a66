"use strict";
// Counts down what the page says is left. The page is right without it, and its own clock may be wrong: the span counts.
for (const left of document.querySelectorAll(".sessionauth-impersonation time[data-left]")) {
    const end = performance.now() + 1000 * Number(left.dataset.left);
    const show = () => {
        const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
        left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
        if (seconds === 0) {
            clearInterval(ticking);
        }
    };
    const ticking = setInterval(show, 1000);
}
