for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = document.getElementById(button.getAttribute("aria-controls"));
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {  // pages opened from a folder may not write to the clipboard by that door
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
