const z=window.zoo; const g=new z.PixelCanvas(element.querySelector(".x"),{label:"zoo.draw"}); server.start({}).then(a=>console.log("start",a.ok))
